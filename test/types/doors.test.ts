import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const DOORS = {
  'pinia-push': 'src/index.ts',
  'pinia-push/observables': 'src/observables/index.ts',
  'pinia-push/kit': 'src/observables/kit.ts',
  'pinia-push/flash-socket': 'src/observables/techniques/flash-socket/flash-socket.ts',
} as const
type Door = keyof typeof DOORS

/** What an app imports to run: the rest of its door are types. */
const OBSERVABLES = [
  'PushError',
  'actionCable',
  'backoff',
  'centrifugo',
  'createPushClient',
  'defineChannel',
  'durableStreams',
  'fallback',
  'fetchStream',
  'graphqlSse',
  'graphqlWs',
  'hub',
  'iframeStream',
  'jsonMessages',
  'longPolling',
  'mercure',
  'nchan',
  'pageLifecycle',
  'pausable',
  'phoenix',
  'polling',
  'pusher',
  'socketIo',
  'sse',
  'standard',
  'webSocket',
  'xhrStream',
]
const VUE = ['createPush', 'pushKey', 'usePushChannel', 'usePushStatus']

/** The members of Technique, Backend and Lifecycle: only authors of these name them, although an app's types lead there. */
const AUTHORS = [
  'BackendRequest',
  'CarriedToken',
  'Continuity',
  'EventStreamBackend',
  'FrameBackend',
  'LinesBackend',
  'PollBackend',
  'PollRate',
  'PostTarget',
  'PushRequest',
  'ResponseHead',
  'SourceEvent',
  'StreamBackend',
  'WebSocketBackend',
]

/** Fields that the library writes and reads itself. */
const INTERNAL = ['AnySource', 'Bookmark', 'Definition', 'Position', 'SnapshotPosition']

let doors: Record<Door, { values: string[]; types: string[]; reached: Map<string, string> }>
beforeAll(() => {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile).config,
    ts.sys,
    ROOT,
  )
  const program = ts.createProgram(
    Object.values(DOORS).map((file) => ROOT + file),
    { ...options, noEmit: true },
  )
  const checker = program.getTypeChecker()
  const resolved = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

  const exportsOf = (file: string) => {
    const source = program.getSourceFile(ROOT + file)
    const module = source && checker.getSymbolAtLocation(source)
    return module ? checker.getExportsOfModule(module) : []
  }

  /** The exported types of this repository that a declaration names outside of function bodies, and where. */
  const namedBy = (declaration: ts.Declaration): Map<string, string> => {
    const named = new Map<string, string>()
    const visit = (node: ts.Node): void => {
      if (ts.isBlock(node) || (ts.isVariableDeclaration(node) && !node.type)) return
      if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
        const name = ts.isTypeReferenceNode(node) ? node.typeName : node.expression
        const symbol = checker.getSymbolAtLocation(name)
        const found = symbol && resolved(symbol)
        const [where] = found?.declarations ?? []
        const isExported = where && ts.getCombinedModifierFlags(where) & ts.ModifierFlags.Export
        if (found && isExported && where.getSourceFile().fileName.startsWith(`${ROOT}src/`))
          named.set(found.name, declaration.getSourceFile().fileName.slice(ROOT.length))
      }
      ts.forEachChild(node, visit)
    }
    visit(declaration)
    return named
  }

  const open = (file: string) => {
    const symbols = exportsOf(file)
    const isValue = (symbol: ts.Symbol) => resolved(symbol).flags & ts.SymbolFlags.Value
    const names = (chosen: ts.Symbol[]) => chosen.map(({ name }) => name).toSorted()
    return {
      values: names(symbols.filter(isValue)),
      types: names(symbols.filter((symbol) => !isValue(symbol))),
      reached: new Map(
        symbols.flatMap((symbol) => (resolved(symbol).declarations ?? []).flatMap((one) => [...namedBy(one)])),
      ),
    }
  }
  doors = Object.fromEntries(Object.entries(DOORS).map(([door, file]) => [door, open(file)])) as typeof doors
})

describe('the entries of the package', () => {
  test('`pinia-push` has what an app uses, and `pinia-push/observables` the same without Vue', () => {
    expect(doors['pinia-push/observables'].values).toEqual(OBSERVABLES)
    expect(doors['pinia-push'].values).toEqual([...OBSERVABLES, ...VUE].toSorted())
  })

  test('`pinia-push/flash-socket` has the technique and its options', () => {
    expect(doors['pinia-push/flash-socket']).toMatchObject({ values: ['flashSocket'], types: ['FlashSocketOptions'] })
  })

  test('`pinia-push/kit` has no function that an app calls', () => {
    const { values } = doors['pinia-push/kit']
    expect(values.filter((name) => [...OBSERVABLES, ...VUE].includes(name))).toEqual(['PushError'])
  })

  test.for(['pinia-push', 'pinia-push/observables'] as const)(
    'every type in the signature of a function of `%s` can be imported from there, except those for authors',
    (door) => {
      const { values, types, reached } = doors[door]
      const missing = [...reached].filter(([name]) => ![...values, ...types, ...AUTHORS, ...INTERNAL].includes(name))
      expect(missing).toEqual([])
      expect(types.filter((name) => AUTHORS.includes(name))).toEqual([])
    },
  )

  test('every type in the signature of a function of `pinia-push/kit` can be imported from there', () => {
    const { values, types, reached } = doors['pinia-push/kit']
    expect([...reached].filter(([name]) => ![...values, ...types].includes(name))).toEqual([])
    expect(AUTHORS.filter((name) => !types.includes(name))).toEqual([])
  })
})
