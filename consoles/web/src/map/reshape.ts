/** Corners of an area on the map, dragged to elsewhere with the pointer. */

import Collection from "ol/Collection";
import type Feature from "ol/Feature";
import { Polygon } from "ol/geom";
import Modify from "ol/interaction/Modify";
import { toLonLat } from "ol/proj";
import { Style } from "ol/style";
import type { Corner } from "./typed";

/** So near to a corner the pointer takes it, in pixels. */
const NEAR_PX = 10;

export class Reshaping {
  readonly interaction: Modify;
  private readonly areas = new Collection<Feature>();

  /** `tell` is called with the corners once one was let go of. */
  constructor(tell: (corners: readonly Corner[]) => void) {
    // No corner comes or goes by a press: that is what picking does, and what is pressed by a slip must change nothing.
    this.interaction = new Modify({ features: this.areas, pixelTolerance: NEAR_PX, style: new Style(), insertVertexCondition: () => false, deleteCondition: () => false });
    this.interaction.on("modifyend", () => {
      const shape = this.areas.item(0)?.getGeometry();
      if (shape instanceof Polygon) tell((shape.getCoordinates()[0] ?? []).slice(0, -1).map(cornerOf));
    });
  }

  /** What may be reshaped now: of the features the areas, or none. */
  show(features: readonly Feature[]): void {
    this.areas.clear();
    this.areas.extend(features.filter((feature) => feature.getGeometry() instanceof Polygon));
  }
}

function cornerOf(coordinate: number[]): Corner {
  const [lon = 0, lat = 0] = toLonLat(coordinate);
  return [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
}
