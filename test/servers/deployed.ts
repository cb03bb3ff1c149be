import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const DEPLOYED = new URL('../../deploy/nginx', import.meta.url).pathname

/** What a user changes in a file: what is there, and what takes its place. */
export type Change = readonly [file: string, there: string, instead: string]

/** Copies the files that users copy, and changes in them what users would. Throws where something is not there. */
export async function deployed(to: string, changes: readonly Change[]): Promise<void> {
  await cp(DEPLOYED, to, { recursive: true })
  for (const [name, there, instead] of changes) {
    const file = join(to, name)
    const text = await readFile(file, 'utf8')
    if (!text.includes(there)) throw new Error(`deploy/nginx/${name} has no \`${there}\` to change`)
    await writeFile(
      file,
      text.replaceAll(there, () => instead),
    )
  }
}
