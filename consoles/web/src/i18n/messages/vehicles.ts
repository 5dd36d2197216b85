/** The vehicles page: its tabs, reads now, reading quality. */

export const VEHICLES = {
  "home.vehicles": ["车辆", "Vehicles"],
  "home.vehicles_about": ["过车实时、查询、布控、违法审核、读牌质量", "Reads now, search, watch list, review, reading quality"],
  "vehicles.now": ["实时", "Now"],
  "vehicles.search": ["查询", "Search"],
  "vehicles.watches": ["布控", "Watch list"],
  "vehicles.review": ["违法审核", "Review"],
  "vehicles.quality": ["读牌质量", "Reading quality"],
} as const;
