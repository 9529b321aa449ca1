"""Encodings, delimiters, headers: found, not guessed."""

import pytest
import xlsxwriter

from queqiao.collect.offline.file_kinds import KINDS
from queqiao.collect.offline.proposals import header_row, likely_kind, proposed
from queqiao.collect.offline.tables import form_of, rows_of
from queqiao.kernel.errors import InvalidInput

TEXT = "会员号,姓名\nM1,龙井 𠮷\n"


def made(tmp_path, content: bytes):
    path = tmp_path / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding", "certain"),
    [(TEXT.encode(), "utf-8", True), (TEXT.encode("utf-8-sig"), "utf-8", True),
     (TEXT.encode("gb18030"), "gb18030", True), (b"a,b\n1,2\n", "utf-8", True),
     ("名,b\n联通,2\n".encode("gbk"), "gb18030", True),
     (TEXT.encode() + b"\xff\xff", "utf-8", False)],
)  # fmt: skip
def test_the_encoding_is_found_from_every_byte(tmp_path, content, encoding, certain) -> None:
    form = form_of(made(tmp_path, content))
    assert (form.encoding, form.certain) == (encoding, certain)


def test_bytes_that_are_both_are_told_apart_by_their_words(tmp_path) -> None:
    both = b"\xc3\xa9,\xc3\xbc\n1,2\n"
    form = form_of(made(tmp_path, both))
    assert form.fits == ("utf-8", "gb18030")
    assert not form.certain
    assert form_of(made(tmp_path, both), "gb18030").encoding == "gb18030"


def test_a_character_across_the_chunks_is_no_fault(tmp_path) -> None:
    content = b"x" * ((1 << 20) - 1) + b"\xe6\xb1\x89,a\n"
    assert form_of(made(tmp_path, content)).encoding == "utf-8"


@pytest.mark.parametrize(("delimiter"), [",", "\t", ";", "|"])
def test_the_delimiter_is_found_though_cells_hold_others(tmp_path, delimiter) -> None:
    lines = [delimiter.join(("a", "b", "c"))] + [delimiter.join(("1", '"x,y;z"', "3"))] * 5
    assert form_of(made(tmp_path, "\n".join(lines).encode())).delimiter == delimiter


def test_rows_keep_their_own_bytes(tmp_path) -> None:
    content = b'a,b\r\n1,"x\ny"\r\n\n2,3'
    path = made(tmp_path, content)
    rows = list(rows_of(path, form_of(path)))
    assert b"".join(row.original for row in rows) == content
    assert rows[1].cells == ["1", "x\ny"]


def test_bytes_of_another_encoding_spoil_their_row_only(tmp_path) -> None:
    path = made(tmp_path, TEXT.encode() + b"M2,\xff\xff\n" + "M3,张\n".encode())
    rows = list(rows_of(path, form_of(path)))
    assert [row.fault is None for row in rows] == [True, True, False, True]


def test_an_open_quote_ends_in_bounds(tmp_path) -> None:
    path = made(tmp_path, b'a,b\n"open,2\n' + b"1,2\n" * 1000)
    rows = list(rows_of(path, form_of(path)))
    assert sum(row.fault is not None for row in rows) >= 1
    assert len(rows) > 700


def test_xlsx_cells_are_what_excel_shows(tmp_path) -> None:
    path = tmp_path / "file"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["数量", 17.6 * 3, 280, 0.1 + 0.2])
    assert [row.cells for row in rows_of(path, form_of(path))] == [["数量", "52.8", "280", "0.3"]]


def test_what_is_no_table_is_told_with_the_cure(tmp_path) -> None:
    for content in (b"\xff\xfea\x00", b"\xd0\xcf\x11\xe0xxxx", b"PK\x03\x04broken"):
        path = made(tmp_path, content)
        with pytest.raises(InvalidInput):
            list(rows_of(path, form_of(path)))


def test_chinese_headers_are_recognised_behind_a_title() -> None:
    rows = [
        ["六月销售明细", "", ""],
        ["小票号", "金额(元)", "商品条码", "销售数量", "销售时间"],
        ["1"] * 5,
    ]
    assert header_row(rows) == 1
    assert likely_kind(rows[1]) == "receipts"
    assert proposed(KINDS["receipts"], rows[1]) == {
        "receipt_no": "小票号", "amount": "金额(元)", "sku": "商品条码", "quantity": "销售数量",
        "time": "销售时间",
    }  # fmt: skip
    assert likely_kind(["会员卡号", "会员姓名", "手机号码", "积分", "注册时间"]) == "members"
    assert likely_kind(["通话ID", "来电号码", "来电时间", "坐席工号", "通话时长"]) == "contacts"
    assert (
        likely_kind(["订单编号", "下单时间", "商家编码", "数量", "买家实付金额", "订单状态"])
        == "orders"
    )
