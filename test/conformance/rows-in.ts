import type { ServerKind } from '../servers/control-client.ts'
import type { Engine } from './engines.ts'
import { limitAt } from './limits.ts'
import { rows, type Row } from './rows.ts'

/** Returns the rows that run in an engine, on a server. */
export const rowsIn = (engine: Engine, server: ServerKind = 'hub'): readonly Row[] =>
  rows.filter(({ name }) => limitAt({ engine, server, technique: name }, 'runs') === undefined)
