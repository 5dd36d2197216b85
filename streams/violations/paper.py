"""The evidence of a violation on paper (证据说明): one page of HTML in Chinese, to be read, printed and signed.

Its pictures and clips are the parts of the pack, in the same folder. The same manifest and review give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from command.facts.violations import JudgedPassage, PictureRegion
from command.rows import ViolationRow
from command.vehicle_words import formal
from streams.violations import wording
from streams.violations.basis import Rows, basis, person
from streams.violations.pack import MANIFEST, REVIEW, SIGNATURE, SUMS, ClipNote, Manifest, Part, devices_of
from streams.violations.wording import UNKNOWN, instant

_ABOUT = {"scene": "现场全景", "plate": "号牌放大", "clip": "录像片段"}
_COMPASS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
_STYLE = """
@page { size: A4; margin: 18mm 16mm }
body { max-width: 178mm; margin: 0 auto; padding: 8mm 0; color: #000; background: #fff;
  font: 10.5pt/1.6 "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", SimSun, sans-serif }
h1 { font-size: 18pt; text-align: center; margin: 0 0 2mm }
.about { text-align: center; margin: 0 0 6mm }
h2 { font-size: 12pt; margin: 6mm 0 2mm; break-after: avoid }
h3 { font-size: 10.5pt; margin: 3mm 0 1mm; break-after: avoid }
table { width: 100%; border-collapse: collapse; break-inside: avoid }
th, td { border: 0.3mm solid #000; padding: 1mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere }
tbody th { width: 26mm; font-weight: normal; background: #eee }
.hash { font: 8pt/1.4 monospace }
figure { margin: 0 0 3mm; break-inside: avoid }
.scene { position: relative }
.scene img { display: block; width: 100%; border: 0.3mm solid #000; box-sizing: border-box }
.scene svg { position: absolute; inset: 0; width: 100%; height: 100% }
.scene svg * { fill: none; stroke-width: 3; vector-effect: non-scaling-stroke }
.plate { display: block; height: 18mm; margin-top: 2mm; border: 0.3mm solid #000 }
video { width: 100% }
.sign td { height: 14mm }
@media print { video { display: none } }
"""


def paper(
    manifest: Manifest, sha256: str, row: ViolationRow | None, people: Mapping[str, str], public_key: str
) -> bytes:
    """Return it in UTF-8. `sha256` is the manifest's, `row` how the review stands; None where that left the tables.

    `people` are names by account, `public_key` the Ed25519 key that the pack is signed with, hexadecimal.
    """
    finding, names = manifest.finding, {camera.camera: camera.name for camera in manifest.cameras}
    notes = devices_of(finding, manifest.rule.section, manifest.devices)
    steps = "".join(f"<li>{escape(said)}</li>" for said in wording.sentences(finding, names, notes))
    devices = "".join(
        f"<h3>{escape(wording.place(passage.camera, names))}</h3>{_table([*_place(manifest, passage.camera), *told])}"
        for passage, told in zip(finding.passages, map(wording.device, notes), strict=True)
    )
    may_come = row is not None and row.state == "found"
    sections = (
        ("违法事实", _table(_facts(manifest, row, names, people))),
        ("图片与录像", "".join(_shown(manifest, number, names, may_come) for number in range(len(finding.passages)))),
        ("认定过程", f"<ol>{steps}</ol>"),
        ("采集设备与时钟", devices),
        ("认定依据", _table(basis(finding, manifest.rule, people))),
        ("人工审核", _table(_review(row, people))),
        ("证据清单与校验", _files(manifest, sha256, public_key)),
        ("签署", _SIGN),
    )
    body = "".join(f"<h2>{_ORDER[at]}、{name}</h2>{text}" for at, (name, text) in enumerate(sections))
    head = f'<meta charset="utf-8"><title>证据说明 {escape(finding.plate)}</title><style>{_STYLE}</style>'
    about = escape(wording.title(finding, row.corrected if row else ""))
    about += f"<br>编号 {escape(manifest.violation)}，平台编号 {escape(manifest.site)}"
    about += "，时刻均为北京时间"
    return (
        f'<!doctype html><html lang="zh-CN"><head>{head}</head><body><h1>道路交通违法证据说明</h1>'
        f'<p class="about">{about}</p>{body}</body></html>\n'
    ).encode()


_ORDER = "一二三四五六七八"
_SIGN = (
    '<table class="sign"><tbody><tr><th>适用法律条款</th><td colspan="3"></td></tr>'
    "<tr><th>审核人签名</th><td></td><th>日期</th><td></td></tr>"
    "<tr><th>办案民警签名</th><td></td><th>日期</th><td></td></tr></tbody></table>"
)


def _table(rows: Rows) -> str:
    cells = "".join(f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows)
    return f"<table><tbody>{cells}</tbody></table>"


def _facts(manifest: Manifest, row: ViolationRow | None, names: Mapping[str, str], people: Mapping[str, str]) -> Rows:
    finding = manifest.finding
    corrected = row.corrected if row else ""
    plate: Rows = [("号牌号码", corrected or finding.plate)]
    if row and corrected:
        plate = [("号牌号码", f"{corrected}（{person(row.corrected_by, people)}人工更正；机器识读为 {finding.plate}）")]
    speed: Rows = []
    if finding.speed_kmh is not None:
        speed = [("平均车速", f"不低于 {finding.speed_kmh:g} km/h，限速 {finding.limit_kmh} km/h")]
    return [
        *plate,
        ("号牌颜色", formal("plate_colour", finding.colour)),
        ("号牌种类", formal("plate_kind", finding.plate_kind)),
        ("违法行为", formal("violation_kind", finding.kind)),
        ("违法时间", f"{instant(finding.began_ms)} 至 {instant(finding.ended_ms)}"),
        ("违法地点", "至".join(wording.place(passage.camera, names) for passage in finding.passages)),
        *speed,
        ("发现时间", f"{instant(manifest.found_ms)}，由本平台按登记的依据自动发现"),
    ]


def _place(manifest: Manifest, camera: str) -> Rows:
    note = next((each for each in manifest.cameras if each.camera == camera), None)
    number = ("相机编号", camera)
    if note is None:
        return [number, ("安装地点", f"{UNKNOWN}：相机已不在登记表中")]
    towards = _COMPASS[round(note.bearing_deg / 45) % len(_COMPASS)]
    where = f"北纬 {note.lat:.6f}°，东经 {note.lon:.6f}°（WGS-84）"
    return [number, ("安装地点", f"{where}，朝向 {note.bearing_deg:g}°（{towards}）")]


def _shown(manifest: Manifest, number: int, names: Mapping[str, str], may_come: bool) -> str:
    """Return the pictures of a passage with what was read in them, and its clip; they may come until it is decided."""
    passage = manifest.finding.passages[number]
    parts = {part.about: part for part in manifest.parts if part.passage == number}
    scene, plate, clip = parts.get("scene"), parts.get("plate"), parts.get("clip")
    note = manifest.clips[number] if number < len(manifest.clips) else None
    may_come = may_come and note is not None and note.state == "pending"
    shown = f"<p>现场全景：{'图片尚未取得' if may_come else '没有，图片没有取得或已不在'}。</p>"
    if scene:
        shown = f'<div class="scene">{_image(scene)}{_marks(manifest, passage, scene)}</div>'
    shown += _image(plate) if plate else "<p>号牌放大：没有。</p>"
    shown += f'<video controls preload="metadata" src="{escape(clip.name)}"></video>' if clip else ""
    during = f"{instant(passage.first_ms)} 至 {instant(passage.last_ms)} 之间"
    where = f"图 {number + 1}　{wording.place(passage.camera, names)}，摄于 {during}"
    said = [
        where,
        _marked(manifest, passage, scene),
        _characters(manifest.finding.plate, passage),
        _clip(note, clip, may_come),
    ]
    caption = "<br>".join(escape(each) for each in said if each)
    return f"<figure>{shown}<figcaption>{caption}</figcaption></figure>"


def _image(part: Part) -> str:
    kind = ' class="plate"' if part.about == "plate" else ""
    return f'<img{kind} src="{escape(part.name)}" alt="{_ABOUT[part.about]}">'


def _region(manifest: Manifest) -> PictureRegion | None:
    return next((each for each in manifest.rule.regions if each.name == manifest.finding.region), None)


def _marks(manifest: Manifest, passage: JudgedPassage, scene: Part) -> str:
    """Draw where the plate was read, and the region of the picture that it is judged by."""
    width, height = scene.width_px or 1, scene.height_px or 1
    drawn = ""
    if region := _region(manifest):
        points = " ".join(f"{x * width:.4f},{y * height:.4f}" for x, y in region.ring)
        drawn += f'<polygon points="{points}" stroke="#e00"/>'
    if passage.box and scene.width_px:
        x, y, wide, high = passage.box
        drawn += f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" stroke="#ff0"/>'
    return f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none">{drawn}</svg>' if drawn else ""


def _marked(manifest: Manifest, passage: JudgedPassage, scene: Part | None) -> str:
    """Say what the marks are; a print may have no colours."""
    if scene is None:
        return ""
    region = _region(manifest)
    marks = [f"红色多边形为画面区域“{region.name}”"] if region else []
    marks += ["黄色方框为识读的号牌"] if passage.box and scene.width_px else []
    return f"{'，'.join(marks)}；标线为本说明所加，原图不含" if marks else ""


def _characters(plate: str, passage: JudgedPassage) -> str:
    sure = passage.char_confidences
    if len(sure) != len(plate):
        return f"机器识读 {plate}，逐字可信度{UNKNOWN}"
    return "机器识读逐字可信度：" + "，".join(f"{char} {each:.3f}" for char, each in zip(plate, sure, strict=True))


def _clip(note: ClipNote | None, clip: Part | None, may_come: bool) -> str:
    if note is None:
        return f"录像片段：{UNKNOWN}"
    if note.state == "missing":
        return f"录像片段：没有，{formal('clip_why', note.why)}"
    if clip is None:
        return f"录像片段：{'尚未取得，审核前取得则列入' if may_come else '没有，列出本清单时尚未取得'}"
    lost = f"，其间缺 {note.missing_ms} 毫秒" if note.missing_ms else ""
    return f"录像片段 {clip.name}：{instant(note.from_ms)} 至 {instant(note.to_ms)}{lost}"


def _review(row: ViolationRow | None, people: Mapping[str, str]) -> Rows:
    if row is None:
        return [("审核结论", f"{UNKNOWN}：该记录已移出当前表，见平台日志")]
    reviewers = "、".join(person(each, people) for each in row.reviewed_by)
    rows: Rows = [("审核结论", formal("violation_state", row.state)), ("审核人", reviewers or "尚无")]
    rows += [("审核时间", instant(row.reviewed_ms))] if row.reviewed_ms is not None else []
    if row.reason is not None:
        rows.append(("驳回原因", f"{formal('reject_reason', row.reason)}{'：' if row.text else ''}{row.text}"))
    rows += [("超期", f"未在 {instant(row.due_ms)} 前审完")] if row.overdue else []
    rows += [("案件编号", row.case)] if row.case else []
    return [*rows, ("回避", "依据登记人不审核按该依据发现的违法")]


def _files(manifest: Manifest, sha256: str, public_key: str) -> str:
    listed = [(part.name, _ABOUT[part.about], part.size, part.sha256) for part in manifest.parts]
    rows = "".join(_file(f"{name}（{about}，{size} 字节）", digest) for name, about, size, digest in listed)
    return (
        "<table><thead><tr><th>文件</th><th>SHA-256</th></tr></thead>"
        f"<tbody>{rows}{_file(f'{MANIFEST}（证据清单，已存入平台日志）', sha256)}</tbody></table>"
        f"<p>{escape(_CHECK)}</p>{_table([('签名公钥', f'{public_key}（Ed25519）'), ('格式', manifest.format)])}"
    )


_CHECK = (
    f"本说明、{MANIFEST}、{REVIEW} 与各图片、录像在同一文件夹中；{SUMS} 列出每个文件的 SHA-256，"
    f"{SIGNATURE} 是对它的签名。任何文件被改动、增加或删除，核对时都会发现。"
)


def _file(name: str, sha256: str) -> str:
    return f'<tr><td>{escape(name)}</td><td class="hash">{escape(sha256)}</td></tr>'
