import { firstValueFrom } from 'rxjs'
import type { Ref } from 'vue'
import type { StateTree } from 'pinia'
import { sameSource, sourceError, type PushSource } from '../composables/internal/follow-source.ts'
import { loadSnapshot, snapshotFailed, type SnapshotPosition } from './snapshot.ts'
import type { SyncStoreOptions } from './sync-store.ts'

/** The position of a snapshot that a server loaded, from which the page resumes the channel at `url`. */
export interface PrefetchedPosition extends SnapshotPosition {
  url: string
  cursor: string
}

/** The id under which positions travel in Pinia's state, beside the ids of stores. */
const STATE_KEY = '$push'

/** One store's positions in Pinia's state, by the order of its bindings. They travel from server to page with the state. */
export interface PrefetchedPositions {
  save(index: number, position: PrefetchedPosition): void
  /** Returns the position, once: the state changes from then on, and the position does not. */
  claim(index: number): PrefetchedPosition | undefined
}

export function prefetchedPositions(state: Ref<Record<string, StateTree>>, storeId: string): PrefetchedPositions {
  const key = (index: number) => `${storeId}/${index}`
  return {
    save(index, position) {
      const positions = (state.value[STATE_KEY] ??= {})
      positions[key(index)] = position
    },
    claim(index) {
      const positions = state.value[STATE_KEY]
      const position: unknown = positions?.[key(index)]
      if (positions) delete positions[key(index)]
      return isPrefetchedPosition(position) ? position : undefined
    },
  }
}

function isPrefetchedPosition(value: unknown): value is PrefetchedPosition {
  if (typeof value !== 'object' || value === null) return false
  const { url, cursor, version } = value as Partial<Record<keyof PrefetchedPosition, unknown>>
  return typeof url === 'string' && typeof cursor === 'string' && ['undefined', 'number'].includes(typeof version)
}

export interface PrefetchOptions extends Pick<SyncStoreOptions<unknown, StateTree>, 'binding' | 'patch' | 'fault'> {
  /** Returns the binding's current source. */
  currentSource: () => PushSource<unknown, unknown>
  save: (position: PrefetchedPosition) => void
  report: (error: unknown) => void
}

/**
 * Returns a binding's `refresh` for a server, where nothing connects. It loads the snapshot once for each channel, however
 * many components call it, and saves its position for the page.
 */
export function prefetch({ binding, currentSource, patch, fault, save, report }: PrefetchOptions): () => Promise<void> {
  let source: PushSource<unknown, unknown>
  let loading: Promise<void> | undefined

  const load = async () => {
    const { snapshot } = binding()
    if (!source || !snapshot) return
    const { url } = source
    try {
      const { state, cursor, version } = await firstValueFrom(loadSnapshot(snapshot))
      if (currentSource()?.url !== url) return
      let assigned = false
      patch((current) => {
        Object.assign(current, state)
        assigned = true
      })
      fault(undefined)
      if (assigned && cursor !== undefined) save({ url, cursor, version })
    } catch (cause) {
      fault(snapshotFailed(cause))
    }
  }

  return () => {
    let current: typeof source
    try {
      current = currentSource()
    } catch (thrown) {
      fault(sourceError(thrown, report))
      return Promise.resolve()
    }
    if (loading && sameSource(source, current)) return loading
    source = current
    return (loading = load())
  }
}
