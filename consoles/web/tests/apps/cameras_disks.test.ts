import { describe, expect, it } from "vitest";
import { adoptedOf, NO_DEVICES, type Device } from "../../src/apps/cameras/connected";
import { fullness, standing } from "../../src/apps/cameras/disks";
import { alarmDetail, recorderWords } from "../../src/components/alarm_words";
import { meaningOf } from "../../src/components/video/reasons";

describe("a disk of recordings (R750)", () => {
  it("is well, being opened, or has something wrong with it", () => {
    expect(standing({ capacity_bytes: 10 })).toBe("well");
    expect(standing({})).toBe("opening");
    expect(standing({ reason: "the disk of recordings does not answer", capacity_bytes: 10 })).toBe("bad");
  });

  it("is full to a part of what there is room for, where that is known", () => {
    expect(fullness({ bytes: 5, capacity_bytes: 20 })).toBe(25);
    expect(fullness({ bytes: 30, capacity_bytes: 20 })).toBe(100);
    expect(fullness({})).toBeNull();
  });

  it("says in the language of whoever looks what to do about it", () => {
    expect(meaningOf("the disk of recordings does not answer")).toBe("磁盘无响应：查硬盘和连接线");
    expect(meaningOf("the folder of recordings cannot be used: [Errno 13] Permission denied")).toContain("录像目录不能用");
  });
});

describe("an alarm of recordings", () => {
  it("names the disk, and says what to do about it", () => {
    expect(["recorder", "recorder-2", "edge.gate", "edge.gate:3", "else"].map(recorderWords)).toEqual(["中心录像盘 1", "中心录像盘 2", "边缘节点 gate 录像盘 1", "边缘节点 gate 录像盘 3", "else"]);
    expect(alarmDetail({ kind: "recording_failing", detail: "the disk of recordings does not answer" })).toBe("磁盘无响应：查硬盘和连接线");
    expect(alarmDetail({ kind: "recording_failing", detail: "something new" })).toBe("something new");
  });
});

describe("a device (R751)", () => {
  it("has so many channels that are cameras, where it is", () => {
    const device = { device: "34020000001320000001", agent: "gate" } as Device;
    const cameras = [
      { address: "edge://gate/gb28181://34020000001320000001/34020000001310000001", camera: "k0" },
      { address: "edge://gate/gb28181://34020000001320000001/34020000001310000002", camera: "" },
      { address: "gb28181://34020000001320000001/34020000001310000003", camera: "k2" },
    ];
    expect(adoptedOf(device, cameras)).toBe(1);
    expect(adoptedOf({ ...device, agent: "" }, cameras)).toBe(1);
    expect(adoptedOf(device, NO_DEVICES.cameras)).toBe(0);
  });
});
