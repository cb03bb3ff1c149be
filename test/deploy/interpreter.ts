/** How each language of deploy/README.md runs a few lines. */
const INTERPRETERS: Readonly<Record<string, (code: string) => readonly [command: string, ...args: string[]]>> = {
  sh: (code) => ['bash', '-ec', code],
  js: (code) => [process.execPath, '--input-type=module', '-e', code],
  python: (code) => ['python3', '-c', code],
  php: (code) => ['php', '-r', code.replace('<?php', '')],
}

/** What runs lines of a language. Throws where there is no such language. */
export function interpreter(language: string, code: string): readonly [command: string, ...args: string[]] {
  const of = INTERPRETERS[language]
  if (!of) throw new Error(`deploy/README.md has lines of ${language}, and nothing is said to run them`)
  return of(code)
}
