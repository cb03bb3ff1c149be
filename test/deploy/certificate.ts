import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate of this machine's own, signed by itself. */
export interface Certificate {
  certificateFile: string
  keyFile: string
  /** What a client has to trust. */
  certificate: string
  remove(): void
}

export function makeCertificate(): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'tls-'))
  const [certificateFile, keyFile] = [join(directory, 'push.crt'), join(directory, 'push.key')]
  const command = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout ${keyFile} -out ${certificateFile}`
  execFileSync('openssl', command.split(' '), { stdio: 'pipe' })
  return {
    certificateFile,
    keyFile,
    certificate: readFileSync(certificateFile, 'utf8'),
    remove: () => rmSync(directory, { recursive: true }),
  }
}
