"""The page "from one machine to a cluster" has the same steps in both languages.

``tests/system/test_move_cluster.py`` runs those of the English one.
"""

from tests.system.page_steps import names_in, steps_of


def test_both_languages_have_the_same_steps() -> None:
    steps = steps_of("operating/cluster.md")
    assert len(steps) == 6
    assert steps_of("operating/cluster.zh.md") == steps


def test_only_the_first_step_names_places() -> None:
    first, *others = steps_of("operating/cluster.md")
    assert names_in(first) == {
        "QUEQIAO_HOME", "PORT", "EVENT_LOG", "RECORDS", "LEDGER", "ROWS", "LAKE", "CATALOGUE",
    }  # fmt: skip
    assert not any(names_in(step) for step in others)
    assert not any("10.0." in step for step in others)
