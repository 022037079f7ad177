"""Records that come in without a log-in: public forms, and surveys that are answered by a link."""
