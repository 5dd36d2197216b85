"""A site with simulated cameras around one situation, and looks into the pages that show them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec
from playwright.async_api import Browser, Page

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from consoles.demo.cameras import ClipServer
from consoles.site import Site, running_site
from edge.simulators.clips import Clip, load_clip
from edge.simulators.onvif_camera import CameraModel, OnvifCamera
from edge.simulators.street_video import Street, render, traffic
from tests.consoles.support import PASSWORD, settings
from tests.e2e.chromium import sign_in

CLOCK = SystemClock()
PLACE = q.GivenPlace(lat=29.144, lon=113.116, text="建设路")
TITLE = "建设路商铺起火"
#: Name, metres north of the place, bearing: the order here is the order of their use.
CAMERAS: tuple[tuple[str, str, float, float], ...] = (
    ("c1", "建设路路口", 120, 180),
    ("c2", "荣家河桥", -260, 0),
    ("c3", "长乐街北", 420, 180),
    ("c4", "县医院门口", -380, 90),
    ("c5", "车站广场", 900, 180),
    ("c6", "县一中东门", -900, 180),
)
DOME = "c3"
"""It can be turned."""
SILENT_AFTER_MS = 2000


class Cameras(ClipServer):
    """The street for each, until it is told to stand still or to be gone."""

    def fall_silent(self, camera: str) -> None:
        """Send two seconds more, and then nothing for a minute, with the connection open."""
        clip = self._cameras[camera].clip
        first = tuple(frame for frame in clip.frames if frame.at_ms < SILENT_AFTER_MS)
        self.show(camera, msgspec.structs.replace(clip, frames=first, duration_ms=60_000))

    def repeat(self, camera: str) -> None:
        """Send one and the same picture at the usual rate, as a device does whose sensor hangs."""
        clip = self._cameras[camera].clip
        same = tuple(msgspec.structs.replace(clip.frames[0], at_ms=frame.at_ms) for frame in clip.frames)
        self.show(camera, msgspec.structs.replace(clip, frames=same))
        self.give_key(camera)

    def go_on(self, camera: str, clip: Clip) -> None:
        """Send this clip from now on."""
        self.show(camera, clip)
        self.give_key(camera)


def drawn(folder: Path, *, seconds: int = 8, key_every_s: int = 1) -> Clip:
    """A street with traffic and a running clock."""
    cars = traffic((("湘F1A203", "blue"), ("湘F5T811", "blue"), ("湘F7E320", "yellow")), seconds)
    street = Street("模拟画面", cars, seconds=seconds, width=640, height=360, fps=12, key_every_s=key_every_s)
    return load_clip(render(street, folder))


@asynccontextmanager
async def site_with_cameras(
    tmp_path: Path, clip: Clip, *roles: str
) -> AsyncIterator[tuple[Site, Cameras, OnvifCamera, str]]:
    """A running site, its cameras, the dome among them, and a situation in their middle."""
    async with AsyncExitStack() as stack:
        cameras = await stack.enter_async_context(Cameras({name: clip for name, *_ in CAMERAS}, CLOCK))
        port = await cameras.listen()
        model = CameraModel(rtsp=f"rtsp://127.0.0.1:{port}/{DOME}")
        dome = await stack.enter_async_context(OnvifCamera(model, CLOCK, lambda: cameras.give_key(DOME)))
        dome_port = await dome.listen()
        site = await stack.enter_async_context(running_site(settings(tmp_path)))
        for role in roles:
            await site.context.accounts.create(role, NAMES.get(role, role), frozenset({role}), "", PASSWORD)  # type: ignore[arg-type]  # roles by name
        for camera, name, north_m, bearing in CAMERAS:
            enrol = q.EnrolCamera(
                camera=camera, name=name, lat=PLACE.lat + north_m / 111_195, lon=PLACE.lon, bearing_deg=bearing
            )
            await site.hub.ask(enrol, HUB)
            address = f"rtsp://127.0.0.1:{port}/{camera}"
            if camera == DOME:
                address = f"onvif://{model.user}:{model.password}@127.0.0.1:{dome_port}/"
            await site.context.accounts.set_camera_address(camera, address)
        opened = q.OpenSituation(title=TITLE, service="119", kind="accident", level=3, place=PLACE)
        situation = (await site.hub.ask(opened, HUB)).subject
        yield site, cameras, dome, situation


NAMES = {
    "dispatcher": "王派警",
    "commander": "李指挥",
    "camera_watch": "赵视频",
    "administrator": "管理员",
    "wall": "大屏",
}


_faults: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()


def faults_of(page: Page) -> list[str]:
    """What went wrong in a page that `open_page` opened."""
    return _faults[page]


async def open_page(
    browser: Browser,
    site: Site,
    role: str,
    path: str,
    size: tuple[int, int] = (1920, 1080),
    *,
    axe: bool = False,
    english: bool = False,
) -> Page:
    """A console at its size; a fault in the page ends the test. With `axe` its content policy lets axe in."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN", bypass_csp=axe, accept_downloads=True
    )
    if english:
        await context.add_init_script("localStorage.setItem('triune.language', 'en')")
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    _faults[page] = faults
    await sign_in(page, site.http_url, role, PASSWORD, path)
    return page


PLAYING = """() => {
    const found = {};
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.tagName === "T-TILE" && element.camera !== null) {
                const tile = element.shadowRoot;
                const video = tile.querySelector("video.replay") ?? tile.querySelector("video.live");
                const ready = video !== null && video.readyState >= 2;
                found[element.camera.id] = ready ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
            }
            if (element.shadowRoot) look(element.shadowRoot);
        }
    };
    look(document);
    return found;
}"""
"""How many pictures each tile has shown, by camera."""
