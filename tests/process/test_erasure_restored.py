"""A backup brings nobody back: put beside the newest book, it has all erasures made again."""

import shutil
from pathlib import Path
from typing import Self

import pytest
from tests.process.conftest import House, Nowhere, append, eraser_of, event
from tests.process.tiered import CutOff, CutOffError

from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.erasure_book import ErasureBook, Subject
from queqiao.process.stitching_events import MERGED

USER, DEVICE, KEPT = "user-erased", "device-erased", "user-kept"
LATE, SHARED, SECRET = "user-of-the-tail", "device-of-two", "harbour-street-12"


class Home:
    """A house with its book and eraser, started as the role does."""

    def __init__(self, folder: Path, cut_at: int = 0) -> None:
        self.folder = folder
        self.cut_at = cut_at

    async def __aenter__(self) -> Self:
        self.house = House(self.folder)
        self.book = ErasureBook(self.folder / "erasures.sqlite", bytes(32))
        self.house.loader = self.house.new_loader(veil=self.book.veil())
        self.house._count = EmbeddedEventLogReader(self.folder / "log").end()
        await self.house.loader.open()
        self.elsewhere = Nowhere()
        parts = {"elsewhere": self.elsewhere, "log": self.house.log}
        if self.cut_at:
            count = [0]
            parts = {
                name: CutOff(one, count, self.cut_at, done=True) for name, one in parts.items()
            }
        lake = ParquetFolder(self.folder / "lake")
        self.eraser = eraser_of(self.house, lake, self.book, **parts)
        try:
            await self.eraser.recover(7)
        except CutOffError:
            await self.__aexit__()
            raise
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


async def test_what_no_table_had_loaded_is_erased_from_the_log(tmp_path: Path) -> None:
    """The backup's log is ahead of its tables; cut off at every step, the next start goes on."""
    home, backup = tmp_path / "home", tmp_path / "backup"
    tail = [
        event("C", 10, user=USER, note=SECRET), event("C", 11, anon=DEVICE),
        event("C", 12, user=LATE, context={"traits": {"email": "late@shop.example"}}),
        event("C", 13, anon=SHARED, user=LATE), event("C", 14, anon=SHARED, note=SECRET),
        event(None, 15, user=KEPT, kind="alias", previous_id=LATE),
        event("C", 16, user=KEPT, note="stays"), event("C", 17, anon=SHARED, user=KEPT),
        event("C", 18, anon=SHARED, note="stays"),
    ]  # fmt: skip
    order = decode_envelope(event(MERGED, 19, id=LATE, other=KEPT, users=[LATE], note=SECRET))
    order.source = OWN_SOURCE
    tail.append(encode_envelope(order))
    async with Home(home) as old:
        await old.house.load(event("A", 0, anon=DEVICE, user=USER), event("A", 1, user=KEPT))
        await append(old.house.log, tail, 2)
    shutil.copytree(home, backup, symlinks=True)
    async with Home(home) as old:
        await old.house.load()
        old.book.request("e1", Subject(user_id=USER), 1)
        old.book.request("e2", Subject(user_id=LATE), 2)
        assert await old.erase() == 2
    shutil.copy(home / "erasures.sqlite", backup / "erasures.sqlite")
    shutil.rmtree(home)
    for at in (1, 2, 2):  # the others cleared, the log rewritten, the others cleared again
        with pytest.raises(CutOffError):
            async with Home(backup, cut_at=at):
                pass
    async with Home(backup) as new:
        told = new.logged()[new.logged().index("offset=3") :]
        assert [one for one in (USER, DEVICE, LATE, SECRET, "late@shop") if one in told] == []
        assert (told.count('"stays"'), told.count(SHARED)) == (2, 6)
        (subject, offsets), *again = new.elsewhere.asked
        assert offsets == [3, 4, 5, 6, 7, 8, 12]
        assert again == [(subject, offsets)]
        await new.house.load()
        assert await new.erase() == 2
        assert [one for one in (USER, DEVICE, LATE, SECRET) if one in new.logged()] == []
        assert [at for at, who, _ in await new.people() if who == KEPT] == [2, 8, 9, 10, 11]
        await new.house.load(event("D", 20, user=LATE))
        assert (await new.people())[-1] == [13, LATE, 13]
    async with Home(backup) as new:
        assert (new.elsewhere.asked, await new.erase()) == ([], 0)
