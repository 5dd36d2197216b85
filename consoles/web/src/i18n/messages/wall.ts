/** Texts of the wall. */

export const WALL = {
  "wall.situations": ["警情", "Situations"],
  "wall.waiting": ["待接", "Waiting"],
  "wall.abandoned": ["呼损", "Abandoned"],
  "wall.open": ["在办", "Open"],
  "wall.free": ["空闲", "Free"],
  "wall.signed": ["签收", "Signed in"],
  "wall.alarms": ["未受理告警", "Alarms not taken"],
  "wall.alarm_rate": ["10 分钟 {n} 起", "{n} in 10 min"],
  "wall.alarms_none": ["没有未受理的告警", "No alarm waits"],
  "wall.calm": ["当前没有在办警情", "No open situation"],
  "wall.pinned": ["{name} 指定", "pinned by {name}"],
  "wall.sent": ["{name} 上墙", "sent by {name}"],
  "wall.to_decide": ["待批", "To decide"],
  "wall.approvals": ["{n} 项待审批", "{n} approvals waiting"],
  "wall.orders": ["{n} 个单位在途或在场", "units on it: {n}"],
  "wall.links_down": ["中断：{names}", "Down: {names}"],
  "wall.hit_of": ["属另一警情：{title}", "Of another situation: {title}"],
  "wall.hit_other": ["不属本警情", "Not of this situation"],
} as const;
