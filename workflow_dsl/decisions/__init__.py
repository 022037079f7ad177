"""Decision tables: what their cells mean, what is wrong with them, and what `decide(table, …)` stands for.

`columns` types inputs and outputs, `cells` reads conditions, `cases` says which cases rows are for, `table` puts them
together, `checking` tells what is wrong with the tables of an installation. A call becomes one `case` of the language.
"""
