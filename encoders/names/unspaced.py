"""Full names that are written as one word: family name first, in Hangul and Han.

Where a word of two to five letters begins with a usual family name and what remains is as long as
given names are, it is taken for a full name. A foreign name in these letters can look so too: the
word is therefore kept whole beside its parts.
"""

_LONGEST = 5

_KOREAN = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유홍전고문손양배백허남심노하곽성차주우구민진나지엄채원천방공현함변"
)
_KOREAN_OF_TWO = frozenset(("남궁", "황보", "제갈", "선우", "독고", "사공", "서문"))
_CHINESE = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜"
    "戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    "張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧賈葉閻鍾譚鄒陸顧龍萬錢湯喬賀賴龔莊庄柯翁詹洪尤游施"
)
# Family names that are less often a letter of a given name: they alone part a word of two letters.
_CHINESE_OF_SHORT_NAMES = frozenset("王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱郭何罗羅")
_CHINESE_OF_TWO = frozenset(
    (
        "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "司徒", "东方", "東方", "皇甫",
        "尉迟", "尉遲", "公孙", "公孫", "慕容", "夏侯", "令狐",
    )
)  # fmt: skip
_JAPANESE = frozenset(
    (
        "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "渡邊", "山本", "中村", "小林", "加藤",
        "吉田", "山田", "佐々木", "山口", "松本", "井上", "木村", "斎藤", "斉藤", "清水", "山崎",
        "池田", "橋本", "阿部", "石川", "山下", "中島", "石井", "小川", "前田", "岡田", "長谷川",
        "藤田", "後藤", "近藤", "村上", "遠藤", "青木", "坂本", "福田", "太田", "西村", "藤井",
        "金子", "岡本", "藤原", "三浦", "中野", "中川", "原田", "松田", "竹内", "小野", "田村",
        "中山", "和田", "石田", "森田", "上田", "柴田", "酒井", "工藤", "横山", "宮崎", "宮本",
        "内田", "高木", "安藤", "谷口", "大野", "丸山", "今井", "河野", "藤本", "村田", "武田",
        "上野", "杉山", "増田", "小山", "大塚", "平野", "菅原", "久保", "松井", "千葉", "岩崎",
        "桜井", "木下", "野口", "松尾", "菊地", "野村", "新井",
    )
)  # fmt: skip


def parted(word: str) -> tuple[str, ...]:
    """Part a name that is written as one word.

    Args:
        word: A folded word that is the whole of a name as written.

    Returns:
        The word alone; or its family name, the word and its given name.
    """
    if len(word) > _LONGEST or word.isascii():
        return (word,)
    family = 0
    if all("가" <= letter <= "힣" for letter in word):
        family = _korean_family(word)
    elif all("\u4e00" <= letter <= "\u9fff" or letter == "々" for letter in word):
        family = _han_family(word)
    return (word[:family], word, word[family:]) if family else (word,)


def _korean_family(word: str) -> int:
    """Give how many letters are a family name, 0 where none are: a given name has mostly two."""
    if len(word) == 4 and word[:2] in _KOREAN_OF_TWO:
        return 2
    return 1 if len(word) == 3 and word[0] in _KOREAN else 0


def _han_family(word: str) -> int:
    for family in (3, 2):
        if word[:family] in _JAPANESE and family < len(word):
            return family
    if word[:2] in _CHINESE_OF_TWO and len(word) in (3, 4):
        return 2
    if len(word) == 3 and word[0] in _CHINESE:
        return 1
    return 1 if len(word) == 2 and word[0] in _CHINESE_OF_SHORT_NAMES else 0
