"""The page of fifteen questions shows what is answered today."""

import pytest

from tests.answers.situations import PAGE, page


@pytest.mark.long
def test_the_page_is_what_is_answered():
    assert PAGE.read_text() == "\n".join(page()).rstrip() + "\n"
