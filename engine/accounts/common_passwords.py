"""The passwords people choose most, of eight characters and more: refused for new passwords. Data only.

Kept short on purpose: the lock-out makes guessing slow, so only the first guesses of an attacker matter.
"""

from __future__ import annotations

COMMON_PASSWORDS = frozenset(
    """
    00000000 000000000 0987654321 0123456789 01234567 10203040 11111111 111111111 1111111111 11223344 1122334455
    12121212
    12312312 123123123 12341234 123412345 12344321 12345678 123456789 1234567890 12345678910 123456789a 12345678a
    123456abc 123456qwerty 1234abcd 1234qwer 123654789 123698745 12qwaszx 13131313 147258369 14725836 1q2w3e4r
    1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 20202020 21436587 22222222 23456789 2wsx3edc 31415926
    32165498 33333333 44444444 55555555 66666666 66668888 77777777 789456123 78945612 87654321 88888888 888888888
    963852741 987654321 9876543210 98765432 99999999 a1b2c3d4 a1234567 a12345678 a123456789 aa123456 aa12345678
    aaaaaaaa aaaa1111 abc12345 abc123456 abc123abc abcd1234 abcd12345 abcdefgh abcdefghi access14 adminadmin
    admin123 admin1234 admin12345 admin123456 administrator alexander asdf1234 asdfasdf asdfghjk asdfghjkl asdqwe123
    azertyui babygirl baseball baseball1 basketball benjamin butterfly changeme changeme1 changeme123 charlie1
    chocolate computer computer1 corvette danielle default1 dragon12 einstein elephant fieldstone fieldstone1
    football football1 forever1 freedom1 garfield google123 hello123 helloworld iloveyou iloveyou1 internet jennifer
    jordan23 letmein1 letmein123 liverpool liverpool1 logitech manchester marlboro master12 maverick metallica
    michelle midnight mustang1 naruto123 nicholas p@ssw0rd p@ssword pa$$w0rd pa55word pass1234 passw0rd passw0rd1
    password password! password1 password12 password123 password1234 password2 password21 passwort passwords
    patricia pokemon1 princess princess1 q1w2e3r4 q1w2e3r4t5 qazwsx12 qazwsx123 qazwsxedc qazxswedc qq123456
    qq123456789 qwaszx12 qwer1234 qwerasdf qwert123 qwerty12 qwerty123 qwerty1234 qwertyui qwertyuiop qwertyuiop123
    rainbow1 rockyou1 samantha samsung1 secret12 secret123 security sengoku1 shadow12 snoopy12 starwars starwars1
    steelers summer2024 summer2025 summer2026 sunshine sunshine1 superman superman1 superstar telephone test1234
    test12345 testtest tigger12 trustno1 valentine victoria welcome1 welcome12 welcome123 whatever winter2025
    winter2026 woaini123 woaini1314 woaini520 wodemima x123456789 zaq12wsx zaq1xsw2 zxcvbnm1 zxcvbnm123 zxcvbnm,
    zzzzzzzz
    """.split()
)
