"""A backup brings nobody back: put beside the newest book, it has all erasures made again."""

import shutil
from pathlib import Path
from typing import Self

import pytest
from tests.process.conftest import House, eraser_of, event

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.erasure_book import ErasureBook, Subject

USER, DEVICE, KEPT = "user-erased", "device-erased", "user-kept"


class Home:
    """A house with its book and eraser, started as the role does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def __aenter__(self) -> Self:
        self.house = House(self.folder)
        self.book = ErasureBook(self.folder / "erasures.sqlite", bytes(32))
        self.house.loader = self.house.new_loader(veil=self.book.veil())
        self.house._count = EmbeddedEventLogReader(self.folder / "log").end()
        await self.house.loader.open()
        self.eraser = eraser_of(self.house, ParquetFolder(self.folder / "lake"), self.book)
        await self.eraser.recover(7)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.house.loader.close()
        self.house.warehouse.close()
        self.house.log.close()
        self.book.close()

    async def erase(self) -> int:
        """Do all that is asked for, but for waiting for old parts; return how many it was."""
        count = 0
        while (found := self.book.unfinished()) is not None:
            if found.phase == "removing":
                self.book.done(found.id, 9)
                count += 1
            else:
                await self.eraser.advance(8)
        return count

    async def people(self) -> list[list]:
        return await self.house.ask("SELECT offset, person_id, person FROM events ORDER BY offset")

    def logged(self) -> str:
        return repr(EmbeddedEventLogReader(self.folder / "log").read(0, 1_000))


@pytest.mark.parametrize("later", [0, 6])
async def test_whoever_was_erased_since_the_backup_is_erased_again(tmp_path: Path, later) -> None:
    """``later``: so many events came between the backup and the erasure."""
    home, backup = tmp_path / "home", tmp_path / "backup"
    async with Home(home) as old:
        await old.house.load(
            event("A", 0, anon=DEVICE), event("A", 1, anon=DEVICE, user=USER),
            event("A", 2, user=KEPT), event("B", 3, user=USER),
        )  # fmt: skip
    shutil.copytree(home, backup, symlinks=True)
    async with Home(home) as old:
        await old.house.load(*(event("C", 10 + n, user=KEPT) for n in range(later)))
        old.book.request("e1", Subject(user_id=USER), 1)
        assert await old.erase() == 1
        erased = await old.people()
    shutil.copy(home / "erasures.sqlite", backup / "erasures.sqlite")
    shutil.rmtree(home)
    async with Home(backup) as new:
        assert await new.erase() == 2, "the user, and the device that went with them"
        assert await new.people() == erased[:4]
        assert (USER in new.logged(), DEVICE in new.logged(), KEPT in new.logged()) == (
            False, False, True,
        )  # fmt: skip
        await new.house.load(event("D", 20, user=USER), event("D", 21, user=USER))
        assert (await new.people())[4:] == [[5, USER, 5], [6, USER, 5]]
    for _ in range(2):
        async with Home(backup) as new:
            assert await new.erase() == 0, "who came back is somebody new, at each start"
            assert (await new.people())[4:] == [[5, USER, 5], [6, USER, 5]]


async def test_a_home_that_stands_still_asks_for_nothing_again(tmp_path: Path) -> None:
    async with Home(tmp_path) as home:
        await home.house.load(event("A", 0, user=USER), event("A", 1, user=KEPT))
        home.book.request("e1", Subject(user_id=USER), 1)
        assert await home.erase() == 1
    async with Home(tmp_path) as home:
        assert await home.erase() == 0
        assert await home.people() == [[1, "erased:1", 1], [2, KEPT, 2]]
