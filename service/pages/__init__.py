"""Pages for people: a file per page. Strangers to the API; both ask the same use cases."""

from flask import Blueprint

from service.pages import answer_page, beside_answer

PAGES: tuple[Blueprint, ...] = (answer_page.blueprint, beside_answer.blueprint)
