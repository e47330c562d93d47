import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.security.masking import mask_address, mask_identity, mask_name, mask_phone


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13012345678", "130****5678"),
        ("tel:+8613012345678", "tel:+86130****5678"),
        ("+8613012345678", "+86130****5678"),
        ("02087654321", "020****4321"),
        ("075587654321", "075*****4321"),
        ("87654321", "******21"),
        ("10010", "***10"),
        ("110", "***"),
        ("", ""),
    ],
)
def test_a_number_keeps_its_ends(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010519491231002X", "110***********002X"),
        ("91110000100005896C", "911***********896C"),
        ("110105491231002", "110********1002"),
        ("E12345678", "E******78"),
        ("123456", "******"),
        ("", ""),
    ],
)
def test_an_identity_loses_district_and_birthday(number: str, masked: str) -> None:
    assert mask_identity(number) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("欧阳修远", "欧***"),
        ("李", "*"),
        ("John Smith", "J*** S****"),
        ("A", "*"),
        ("", ""),
        ("阿依古丽·买买提", "阿*******"),
    ],
)
def test_a_name_keeps_its_first_letter(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("广东省广州市天河区体育西路103号", "广东省广州市天河区****"),
        ("北京市朝阳区建国路88号院3号楼1201", "北京市朝阳区****"),
        ("上海市浦东新区世纪大道100号", "上海市浦东新区****"),
        ("内蒙古自治区呼和浩特市新城区中山路1号", "内蒙古自治区呼和浩特市新城区****"),
        ("云南省大理白族自治州大理市古城人民路5号", "云南省大理白族自治州大理市****"),
        ("浙江省杭州市桐庐县城南路2号", "浙江省杭州市桐庐县****"),
        ("12 Nanjing Road, Shanghai", "****"),
        ("体育西路103号", "****"),
        ("", ""),
    ],
)
def test_an_address_keeps_its_divisions(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"))
def test_a_masked_mobile_number_hides_four_digits(number: str) -> None:
    masked = mask_phone(number)
    assert len(masked) == 11
    assert masked.count("*") == 4


@given(st.text(alphabet="0123456789X", min_size=15, max_size=20))
def test_a_masked_identity_never_tells_the_birthday(number: str) -> None:
    assert set(mask_identity(number)[6:-4]) == {"*"}


@given(st.text(alphabet="省市区县路街号楼院广东州天河北京 0123456789", max_size=30))
def test_a_masked_address_tells_no_number_of_a_door(address: str) -> None:
    assert not any(letter.isdigit() for letter in mask_address(address))


@pytest.mark.parametrize("mask", [mask_phone, mask_identity, mask_name, mask_address])
@given(text=st.text(max_size=30))
def test_masking_twice_changes_nothing(mask: object, text: str) -> None:
    assert callable(mask)
    assert mask(mask(text)) == mask(text)
