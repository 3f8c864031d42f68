// What npm itself makes of pairs of npmrc files: `node oracle.mjs MODULES_DIR < jobs.json > answers.json`.
//
// A job is {project, user, registries}: directories' files and registries as `host/path`. The answer has, for each file,
// ini's parse, and for both together @npmcli/config's values and the credential that npm-registry-fetch sends.
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'

const modules = process.argv[2]
const require = createRequire(join(modules, 'package.json'))
const ini = require('ini')
const Config = require('@npmcli/config')
const { definitions, shorthands, flatten, nerfDarts } = require('@npmcli/config/lib/definitions')
const getAuth = require('npm-registry-fetch/lib/auth.js')

// Each variable that a file names is set to a text that nothing else holds: where it turns up, npm has expanded one.
const environment = (texts) => {
  const env = {}
  for (const [, name] of texts.join('\n').matchAll(/\$\{([^${}?]+)\??\}/g)) env[name] = `<<${name}>>`
  return env
}

const parse = (text) => {
  try {
    return { value: ini.parse(text) }
  } catch (failure) {
    return { error: String(failure.name) }
  }
}

const ask = async (job, home) => {
  const texts = [readFileSync(job.project, 'utf8'), readFileSync(job.user, 'utf8')]
  const answer = { project: parse(texts[0]), user: parse(texts[1]) }
  if (answer.project.error || answer.user.error) return answer
  const config = new Config({
    definitions,
    shorthands,
    flatten,
    nerfDarts,
    npmPath: join(home, 'npm'),
    env: { ...environment(texts), HOME: home, npm_config_userconfig: job.user, npm_config_globalconfig: join(home, 'none') },
    argv: ['node', 'npm'],
    cwd: dirname(job.project),
    warn: false,
  })
  try {
    await config.load()
  } catch (failure) {
    // Unscoped credentials are refused, but only after everything has been read.
    if (failure.code !== 'ERR_INVALID_AUTH') return { ...answer, refused: failure.code ?? failure.message }
    answer.invalid_auth = true
  }
  const values = {}
  for (const where of ['user', 'project']) {
    const { data } = config.data.get(where)
    values[where] = Object.fromEntries(Object.keys(data).map((key) => [key, data[key] === undefined ? null : data[key]]))
  }
  const merged = { ...values.user, ...values.project }
  answer.values = values
  answer.sent = {}
  for (const registry of job.registries) {
    const uri = `https://${registry}/`
    // Without `registry`: npm-registry-fetch would fall back to the default registry's credential on the same host.
    const auth = getAuth(uri, { ...merged, registry: undefined })
    const credentials = config.loaded ? config.getCredentialsByURI(uri) : null
    answer.sent[registry] = {
      key: auth.regKey ? `${auth.regKey}:${auth.authKey}` : null,
      token: auth.token,
      basic: auth.auth,
      credentials,
    }
  }
  return answer
}

const home = mkdtempSync(join(tmpdir(), 'npm-oracle-'))
writeFileSync(join(home, 'package.json'), '{}')
process.on('log', () => {})
const jobs = JSON.parse(readFileSync(0, 'utf8'))
const answers = []
for (const job of jobs) answers.push(await ask(job, home))
process.stdout.write(JSON.stringify(answers))
