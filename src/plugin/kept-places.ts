import type { Ref } from 'vue'
import type { StateTree } from 'pinia'
import type { SnapshotPosition } from './snapshot.ts'

/** What a server took for a page: so much of the channel at `url` is in the store's state. */
export interface KeptPlace extends SnapshotPosition {
  url: string
  cursor: string
}

/** The id, among those of the stores, under which places travel with pinia's state. */
const KEY = '$push'

/** The places of one store in pinia's state, by the order of its bindings: they travel with it from server to page. */
export function keptPlaces(state: Ref<Record<string, StateTree>>, storeId: string) {
  const name = (index: number) => `${storeId}/${index}`
  return {
    keep(index: number, place: KeptPlace) {
      const places = (state.value[KEY] ??= {})
      places[name(index)] = place
    },
    /** What was kept, once: from then on the state moves and the place does not. */
    claim(index: number): KeptPlace | undefined {
      const places = state.value[KEY]
      const place: unknown = places?.[name(index)]
      if (places) delete places[name(index)]
      return isKeptPlace(place) ? place : undefined
    },
  }
}

function isKeptPlace(place: unknown): place is KeptPlace {
  if (typeof place !== 'object' || place === null) return false
  const { url, cursor, version } = place as Partial<Record<keyof KeptPlace, unknown>>
  return typeof url === 'string' && typeof cursor === 'string' && ['undefined', 'number'].includes(typeof version)
}
