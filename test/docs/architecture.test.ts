import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const text = readFileSync('ARCHITECTURE.md', 'utf8')

/** Returns the folder that the picture shows for a file of `src`; undefined for files outside of one. */
function folderOf(file: string): string | undefined {
  const [, top = '', inner, deeper] = file.split('/')
  if (top === 'observables') return deeper === undefined ? undefined : inner
  return top === 'hub' && deeper !== undefined ? `hub/${inner}` : undefined
}

/** Returns the imports between folders, `-->` where one imports values and `-.->` where all import types. */
function imports(): Map<string, string> {
  const arrows = new Map<string, string>()
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  for (const file of files.map((name) => join('src', name))) {
    const statements = readFileSync(file, 'utf8').matchAll(/^(?:import|export) (type )?([^']*?)from '(\..+?)'/gm)
    for (const [, type, names = '', path = ''] of statements) {
      const [from, to] = [folderOf(file), folderOf(normalize(join(dirname(file), path)))]
      if (from === undefined || to === undefined || from === to || to === 'internal') continue
      const isType =
        type !== undefined ||
        names
          .replace(/[{}]/g, '')
          .split(',')
          .every((name) => /^\s*(type |$)/.test(name))
      const key = `${from} ${to}`
      arrows.set(key, isType && arrows.get(key) !== '-->' ? '-.->' : '-->')
    }
  }
  return arrows
}

test('the picture shows every import between folders of observables and hub', () => {
  const [, picture = ''] = /```mermaid\n([^]*?)```/.exec(text) ?? []
  const [, inner = ''] = /subgraph observables\n([^]*)/.exec(picture) ?? []
  const shown = [...inner.matchAll(/^ +(\S+) (-->|-\.->) (\S+)$/gm)].filter(([, , , to]) => to !== 'internal')
  expect(shown.map(([, from, arrow, to]) => `${from} ${arrow} ${to}`).toSorted()).toEqual(
    [...imports()].map(([key, arrow]) => key.replace(' ', ` ${arrow} `)).toSorted(),
  )
})

test('every file that ARCHITECTURE.md names exists', () => {
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `/${folder}/${name}`),
  )
  const named = [...text.matchAll(/`([\w./-]+\.(?:ts|hx))`/g)].map(([, file = '']) => file)
  expect(named.filter((name) => !files.some((file) => file.endsWith(`/${name}`)))).toEqual([])
})

test.for([
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'PROTOCOL.md',
  'SECURITY.md',
  'deploy/README.md',
  'bench/README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('.'))
    .map((name) => `docs/${name}`),
])('every link of %s leads to a file, and to a heading of it', (file) => {
  const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
  const broken = links.filter(([, path, anchor]) => {
    const target = path ? join(dirname(file), path) : file
    if (!existsSync(target)) return true
    return anchor !== undefined && !anchors(readFileSync(target, 'utf8')).includes(anchor)
  })
  expect(broken.map(([link]) => link)).toEqual([])
})

/** Returns the anchors of a document's headings, as GitHub makes them. */
const anchors = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
