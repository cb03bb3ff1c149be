import { guardProcess } from '../servers/guard.ts'
import { startNginx } from '../servers/nginx.ts'
import { ready } from '../servers/ready.ts'
import { startRedis } from '../servers/redis.ts'
import { makeCertificate } from './certificate.ts'

/** What the guard and the backend sign tokens with; `deploy/authorize.mjs` reads it from there too. */
export const SECRET = (process.env['PUSH_SECRET'] = 'a secret of this test')

/**
 * A node as it is deployed: TLS, HTTP/2, Redis, the guard as a process of its own. Pages are of this origin alone. By IPv6
 * it is reached if that is wanted.
 */
export async function startDeployed(origin: string, { ipv6 = false } = {}) {
  const certificate = makeCertificate()
  const redis = await startRedis()
  const nginx = await startNginx({
    redisPort: redis.port,
    guard: guardProcess(SECRET),
    changes: (port) => [
      ['push/tls.conf', 'listen 443', `listen 127.0.0.1:${port}`],
      ['push/tls.conf', 'listen [::]:443', ipv6 ? `listen [::1]:${port}` : '# listen'],
      ['push/tls.conf', '/etc/nginx/tls/push.crt', certificate.certificateFile],
      ['push/tls.conf', '/etc/nginx/tls/push.key', certificate.keyFile],
      ['push/origins.conf', 'https://app.example.com', origin],
    ],
  })
  await ready(nginx.publisherPort)
  return {
    url: `https://127.0.0.1:${nginx.port}/push/`,
    publisher: `http://127.0.0.1:${nginx.publisherPort}`,
    certificate: certificate.certificate,
    async close() {
      await nginx.stop()
      await redis.stop()
      certificate.remove()
    },
  }
}
