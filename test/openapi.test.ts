/** The API document: complete, small, accepted by two linters, and good enough to write a client from. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import spectralCore from '@stoplight/spectral-core'
import rulesets from '@stoplight/spectral-rulesets'
import openapiTypescript, { astToString } from 'openapi-typescript'
import { describe, expect, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import { parse } from '../src/platform/input.ts'
import { openApiDocument } from '../src/platform/openapi/document.ts'
import type { Definition } from '../src/platform/operation.ts'
import { jsonSchema } from '../src/platform/output.ts'
import { PASSWORD, startTestServer } from './test-server.ts'

type Json = Record<string, unknown>

const root = join(import.meta.dirname, '..')
const definitions = Object.entries(contracts as Record<string, Definition>)
const document = openApiDocument(
  definitions.map(([name, definition]) => ({ name, definition })),
  '0.0.0',
) as Json & {
  paths: Record<string, Json>
  components: { schemas: Json; responses: Json; requestBodies: Json }
  tags: Json[]
}
const operations = Object.values(document.paths).flatMap((path) =>
  Object.entries(path).flatMap(([method, each]) => (method === 'parameters' ? [] : [each as Json])),
)

describe('the document', () => {
  it('has under 1,950 bytes for each operation, so that it grows with operations and not by repetition', () => {
    expect(JSON.stringify(document).length / operations.length).toBeLessThan(1_950)
  })

  it('says once what several operations have in common: parameters, bodies, answers and large schemas', () => {
    const places = new Map<string, string[]>()
    const note = (value: unknown, place: string) => {
      const text = JSON.stringify(value)
      places.set(text, [...(places.get(text) ?? []), place])
    }
    const noteSchemas = (value: unknown, place: string): void => {
      if (typeof value !== 'object' || value === null) return
      if ('properties' in value && JSON.stringify(value).length > 300) note(value, place)
      for (const [key, each] of Object.entries(value)) noteSchemas(each, `${place}/${key}`)
    }
    for (const { operationId, parameters = [], requestBody, responses } of operations) {
      for (const each of parameters as Json[]) note(each, `${operationId} parameter ${each.name}`)
      if (requestBody) note(requestBody, `${operationId} body`)
      for (const [status, each] of Object.entries(responses as Json)) note(each, `${operationId} ${status}`)
    }
    noteSchemas(document.components, 'components')
    noteSchemas(document.paths, 'paths')
    const repeated = [...places].filter(([text, { length }]) => length > 1 && text.length > 80)
    expect(repeated.map(([, where]) => where)).toEqual([])
  })

  it('describes every operation: a short command, a description, a described tag', () => {
    const described = new Set(document.tags.map((tag) => tag.description && tag.name))
    const incomplete = operations.filter(({ summary, description, tags }) => {
      const isCommand = /^[A-Z][a-z]+ /.test(`${String(summary)} `) && String(summary).length <= 60
      return !isCommand || !description || description === summary || !described.has((tags as string[])[0])
    })
    expect(incomplete.map((each) => each.operationId)).toEqual([])
    expect(operations).toHaveLength(definitions.length)
  })

  it('describes every property and parameter, in place or in the component it refers to', () => {
    const schemas = document.components.schemas as Record<string, Json>
    const silent: string[] = []
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null || /\/examples?$/.test(path)) return
      const { properties, parameters } = value as { properties?: Record<string, Json>; parameters?: Json[] }
      for (const [name, schema] of Object.entries(properties ?? {})) {
        const component = String(schema.$ref ?? '')
          .split('/')
          .at(-1)!
        if (!schema.description && !schemas[component]?.description) silent.push(`${path}/${name}`)
      }
      if (Array.isArray(parameters))
        for (const parameter of parameters)
          if (!parameter.$ref && !parameter.description) silent.push(`${path}?${String(parameter.name)}`)
      for (const [key, each] of Object.entries(value)) visit(each, `${path}/${key}`)
    }
    visit(document.paths, '')
    visit(document.components, '')
    expect(silent).toEqual([])
  })

  it('names the records, so that generated types have names', () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        ...['Job', 'JobRow', 'PortalJob', 'PortalJobRow', 'Customer', 'CustomerRow', 'Contact', 'Site', 'Template'],
        ...['TemplateField', 'PortalUser', 'PortalUserRow', 'StaffMember', 'Message', 'MessageRow', 'Comment', 'File'],
        ...['HistoryEntry', 'PortalSettings', 'Account', 'Session', 'Problem'],
      ]),
    )
    const refusals = operations.flatMap((each) =>
      Object.entries(each.responses as Json).filter(([status]) => Number(status) >= 400),
    )
    expect(refusals.filter(([, response]) => !(response as Json).$ref)).toEqual([])
  })

  it('says that answers may grow and that requests may not', () => {
    expect(JSON.stringify(document.components.responses)).not.toContain('"additionalProperties":false')
    const closed = Object.entries(document.components.schemas).filter(([, schema]) =>
      JSON.stringify(schema).includes('"additionalProperties":false'),
    )
    expect(closed.filter(([name]) => !name.endsWith('Input'))).toEqual([])
  })

  it('takes a limit on every paged list, and a key on every request that creates', () => {
    const listed = definitions.filter(([, { query }]) => query && 'cursor' in query.shape)
    expect(listed.filter(([, { query }]) => !('limit' in query!.shape)).map(([name]) => name)).toEqual([])
    expect(definitions.filter(([, { creates, status }]) => status === 201 && !creates).map(([name]) => name)).toEqual(
      [],
    )
  })

  it('says where no session is needed, and which media types go in and out', () => {
    const open = definitions.filter(([, { audience }]) => audience.includes('anonymous' as never)).map(([name]) => name)
    expect(
      operations
        .filter((each) => JSON.stringify(each.security) === '[]')
        .map((each) => String(each.operationId))
        .sort(),
    ).toEqual(open.sort())
    expect(definitions.filter(([, { upload, accepts }]) => upload && !accepts).map(([name]) => name)).toEqual([])
  })

  it('has examples that its own schemas accept, on at least ten operations', () => {
    const withExample = definitions.filter(([, { example }]) => example)
    expect(withExample.length).toBeGreaterThanOrEqual(10)
    for (const [name, definition] of withExample) {
      const { body, answer } = definition.example!
      if (body !== undefined)
        expect(
          () => parse({ ...definition, params: undefined, query: undefined }, { params: {}, query: {}, body }),
          name,
        ).not.toThrow()
      expect(missingFrom(answer, jsonSchema(definition.output)), name).toEqual([])
    }
  })

  it('leaves names and descriptions out of the serializers', () => {
    for (const [name, { output }] of definitions) {
      const schema = JSON.stringify(jsonSchema(output))
      expect(/"\$ref"|"description":"/.test(schema), name).toBe(false)
    }
  })
})

/** Required properties that the value lacks, and properties that the schema does not know. */
function missingFrom(value: unknown, schema: Json, path = ''): string[] {
  const {
    anyOf,
    items,
    properties,
    required = [],
  } = schema as {
    anyOf?: Json[]
    items?: Json
    properties?: Record<string, Json>
    required?: string[]
  }
  if (anyOf) return value === null ? [] : missingFrom(value, anyOf[0]!, path)
  if (Array.isArray(value)) return value.flatMap((each, index) => missingFrom(each, items ?? {}, `${path}/${index}`))
  if (typeof value !== 'object' || value === null || !properties) return []
  const given = value as Json
  return [
    ...required.filter((name) => !(name in given)).map((name) => `${path}/${name} is missing`),
    ...Object.keys(given)
      .filter((name) => !(name in properties))
      .map((name) => `${path}/${name} is unknown`),
    ...Object.entries(properties).flatMap(([name, each]) => missingFrom(given[name], each, `${path}/${name}`)),
  ]
}

describe('the linters', () => {
  it('redocly (recommended) finds no error', async () => {
    const config = await createConfig({ extends: ['recommended'] })
    const problems = await lintFromString({ source: JSON.stringify(document), config })
    expect(problems.filter((each) => each.severity === 'error').map((each) => each.message)).toEqual([])
  }, 30_000)

  it('spectral (oas, recommended) finds nothing', async () => {
    const spectral = new spectralCore.Spectral()
    spectral.setRuleset({ extends: [[rulesets.oas, 'recommended']] } as never)
    expect((await spectral.run(document)).map((each) => each.message)).toEqual([])
  }, 30_000)
})

describe('docs/api.md', () => {
  it('has an example that compiles with generated types and runs', async () => {
    const server = await startTestServer()
    const business = await server.business()
    const folder = join(root, 'out/api-example')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const [, example] = /```ts\n(.*?)```/s.exec(readFileSync(join(root, 'docs/api.md'), 'utf8'))!
    writeFileSync(join(folder, 'example.ts'), example!)
    writeFileSync(join(folder, 'portico.ts'), astToString(await openapiTypescript(document as never)))
    const options =
      '--noEmit --strict --module nodenext --target es2024 --allowImportingTsExtensions --skipLibCheck --ignoreConfig --types node'
    const compiled = await run(
      [join(root, 'node_modules/typescript/bin/tsc'), ...options.split(' '), 'example.ts'],
      folder,
    )
    expect(compiled).toEqual({ code: 0, output: '' })
    const env = { PORTICO_URL: `http://localhost:${server.port}`, EMAIL: business.owner.email, PASSWORD }
    expect(await run(['example.ts'], folder, env)).toEqual({ code: 0, output: 'Rosa Martin\n' })
  }, 60_000)
})

/** Runs Node, and answers what it printed. */
function run(
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } })
    let output = ''
    child.stdout.on('data', (part) => (output += String(part)))
    child.stderr.on('data', (part) => (output += String(part)))
    child.on('close', (code) => resolve({ code, output }))
  })
}
