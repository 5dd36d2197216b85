"""MANSRTSP (GB/T 28181 annex B): how a playback is steered, in the body of an INFO."""

from __future__ import annotations

CONTENT_TYPE = "Application/MANSRTSP"


def control(cseq: int, scale: float | None) -> bytes:
    """Return PLAY at a speed (1 is normal) from where it stands, or PAUSE where there is none."""
    if scale is None:
        lines = ["PAUSE MANSRTSP/1.0", f"CSeq: {cseq}", "PauseTime: now"]
    else:
        lines = ["PLAY MANSRTSP/1.0", f"CSeq: {cseq}", f"Scale: {scale:.6f}", "Range: npt=now-"]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
