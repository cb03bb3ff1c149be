import { bundle } from '../test/e2e/bundle.ts'

/** Returns the files of a page of this folder, built for production. */
export const builtPage = async (name: string): Promise<[path: string, text: string][]> =>
  [...(await bundle(new URL(`${name}/`, import.meta.url)))].map(([path, text]) => [path, String(text)])
