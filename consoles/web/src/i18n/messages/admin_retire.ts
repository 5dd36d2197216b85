/** Texts of stations, units and devices that are no more (注销). */

export const ADMIN_RETIRE = {
  "retire.was": ["{name}（已注销）", "{name} (retired)"],
  "retire.done": ["{name} 已注销", "{name} is retired"],
  "retire.stations": ["注销这个所队", "Retire this station"],
  "retire.stations_question": ["注销所队 {name}？", "Retire the station {name}?"],
  "retire.stations_consequence": ["从所有列表和地图上去掉。还有单位时不能注销。以前的记录不变，仍按原名显示。", "It goes from every list and map. While it has units it cannot be retired. What is on record stays, under its name."],
  "retire.units": ["注销这个单位", "Retire this unit"],
  "retire.units_question": ["注销单位 {name}？", "Retire the unit {name}?"],
  "retire.units_consequence": ["从所有列表和地图上去掉，当班的同时下班，它的报警消除。还有未完指令、求救、未结警情、终端或账号时不能注销。以前的轨迹和记录不变，仍按原名查到。", "It goes from every list and map; a shift that runs ends, and so do its alarms. While it has an order, a call for help, an open incident, devices or accounts it cannot be retired. Its tracks and records stay, under its name."],
  "retire.devices": ["注销这个终端", "Retire this device"],
  "retire.devices_question": ["注销终端 {name}？", "Retire the device {name}?"],
  "retire.devices_consequence": ["从所有列表上去掉，令牌立即作废，连接 10 秒内断开，不再收它的位置和报警。以前的轨迹和记录不变。", "It goes from every list; its token is void at once, it is cut off within 10 s, and neither its positions nor its calls for help are taken any more. Its tracks and records stay."],
  "refusal.retire_units": ["还有单位：{word}。先把它们调走或注销", "It still has units: {word}. Move or retire them first"],
  "refusal.retire_order": ["它还有未完的指令：{word}。先撤回或等它办完", "It has an order that is not over: {word}. Recall it, or wait"],
  "refusal.retire_sos": ["它正在求救，先解除", "It is calling for help: clear that first"],
  "refusal.retire_situations": ["它还在未结的警情里：{word}", "It is in incidents that are open: {word}"],
  "refusal.retire_devices": ["还有终端：{word}。先把它们调走或注销", "It still has devices: {word}. Move or retire them first"],
  "refusal.retire_accounts": ["还有账号属于它：{word}。先给他们换单位", "Accounts still belong to it: {word}. Give them another unit first"],
  "refusal.retire_phone": ["这是账号 {word} 的手机，会自己再登记：先停用该账号，或让它不属于任何单位", "It is the phone of account {word} and would come back: shut that account out or take it out of its unit first"],
} as const;
