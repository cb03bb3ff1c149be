import { bundle } from '../test/e2e/bundle.ts'

/** The files of a page of this folder, built as they would be shipped. */
export const builtPage = async (name: string): Promise<[path: string, text: string][]> =>
  [...(await bundle(new URL(`${name}/`, import.meta.url)))].map(([path, text]) => [path, String(text)])
