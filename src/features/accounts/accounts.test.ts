import http from 'node:http'
import sharp from 'sharp'
import { describe, expect, inject, it } from 'vitest'
import { startTestServer, startSeparateServer, type Person } from '../../../test/test-server.ts'
import { dayBounds } from './rules.ts'

const first = {
  business: 'Harbour Appliance Repair',
  slug: 'harbour',
  timeZone: 'Europe/London',
  currency: 'GBP',
  name: 'Ruth Calloway',
  email: 'ruth@harbour-repair.example',
  password: 'seven quiet lanterns',
}
const startEmptyServer = () => startSeparateServer(inject('world'))

/** Sends a file as a form does. */
async function upload(who: Person, slug: string, bytes: Buffer, name = 'logo.png') {
  const { port } = await startTestServer()
  const edge = 'edge-of-this-form'
  const body = Buffer.concat([
    Buffer.from(
      `--${edge}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: image/png\r\n\r\n`,
    ),
    bytes,
    Buffer.from(`\r\n--${edge}--\r\n`),
  ])
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: `/api/v1/office/${slug}/logo`,
        headers: {
          host: `localhost:${port}`,
          origin: `http://localhost:${port}`,
          'content-type': `multipart/form-data; boundary=${edge}`,
          'content-length': body.length,
          cookie: [...who.cookies].map(([key, value]) => `${key}=${value}`).join('; '),
        },
      },
      (response) => {
        const parts: Buffer[] = []
        response
          .on('data', (part: Buffer) => parts.push(part))
          .on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
      },
    )
    request.on('error', reject).end(body)
  })
}

describe('first run', () => {
  it('PS-62 an empty installation prints one link, which creates the first account and its owner once', async () => {
    const empty = await startEmptyServer()
    try {
      const older = (await empty.app.offerSetUp())!.split('/').at(-1)!
      const token = (await empty.app.offerSetUp())!.split('/').at(-1)!
      const ruth = empty.anyone()
      expect((await ruth.ok('getSetUp', { token: older })).status).toBe('used')
      expect((await ruth.ok('getSetUp', { token })).status).toBe('open')
      expect((await ruth.call('setUp', { token: 'x'.repeat(43), ...first })).body.code).toBe('setUpClosed')
      const fieldErrors = await ruth.call('setUp', {
        token,
        ...first,
        timeZone: 'Mars/Olympus',
        slug: 'A b',
        currency: 'XXQ',
      })
      expect(Object.keys(fieldErrors.body.fields ?? {}).sort()).toEqual(['currency', 'slug', 'timeZone'])
      // A browser reads it as a name in another script, and may not open it at all.
      expect((await ruth.call('setUp', { token, ...first, slug: 'xn--abc' })).body.fields).toMatchObject({
        slug: { code: 'slug' },
      })
      expect((await ruth.call('setUp', { token, ...first, password: 'harbour2026' })).body.fields?.password?.code).toBe(
        'passwordContext',
      )
      await ruth.ok('setUp', { token, ...first })
      expect((await ruth.ok('getOffice', {}, { slug: 'harbour' })).me).toMatchObject({
        name: 'Ruth Calloway',
        role: 'owner',
      })
      const { rows } = await ruth.ok('listPermissionGroups', {}, { slug: 'harbour' })
      expect(rows.map(({ kind }) => kind)).toEqual(['full', 'limited', 'none'])
      expect((await empty.anyone().call('setUp', { token, ...first, slug: 'other' })).body.code).toBe('setUpClosed')
      expect(await empty.app.offerSetUp()).toBeNull()
    } finally {
      await empty.close()
    }
  })

  it('a repeated set-up with its key answers what the first one answered, and only to the holder of the link', async () => {
    const empty = await startEmptyServer()
    try {
      const token = (await empty.app.offerSetUp())!.split('/').at(-1)!
      const key = { headers: { 'idempotency-key': 'first' } }
      expect(await empty.anyone().ok('setUp', { token, ...first }, key)).toEqual({ slug: 'harbour' })
      expect(await empty.anyone().ok('setUp', { token, ...first }, key)).toEqual({ slug: 'harbour' })
      const stranger = await empty.anyone().call('setUp', { token: 'x'.repeat(43), ...first }, key)
      expect(stranger.body.code).toBe('keyReused')
      const withoutKey = await empty.anyone().call('setUp', { token, ...first })
      expect(withoutKey.body.code).toBe('setUpClosed')
      expect(await empty.stored((db) => db.selectFrom('accounts').select('id').execute())).toHaveLength(1)
    } finally {
      await empty.close()
    }
  })

  it('C6 twenty simultaneous set-ups create one account', async () => {
    const empty = await startEmptyServer()
    try {
      const token = (await empty.app.offerSetUp())!.split('/').at(-1)!
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          empty
            .anyone()
            .call('setUp', { token, ...first, slug: `harbour${n}`, email: `ruth${n}@harbour-repair.example` }),
        ),
      )
      expect(all.filter((each) => each.status === 200)).toHaveLength(1)
      expect(await empty.stored((db) => db.selectFrom('accounts').select('id').execute())).toHaveLength(1)
      expect(await empty.stored((db) => db.selectFrom('people').select('id').execute())).toHaveLength(1)
    } finally {
      await empty.close()
    }
  })
})

describe('the business', () => {
  it('V-09 the owner changes name, time zone and branding; a change from an outdated page is refused', async () => {
    const { business, stored } = await startTestServer()
    const { owner, id } = await business()
    const { version, slug: _slug, logo: _logo, locale: _locale, ...now } = await owner.ok('getAccount')
    const wanted = {
      ...now,
      locale: 'en-US' as const,
      version,
      name: 'Harbour & Sons',
      accent: '#B45309',
      timeZone: 'America/New_York',
      supportPhone: '+44 117 496 0142',
    }
    const changed = await owner.ok('updateAccount', wanted)
    expect(changed).toMatchObject({
      name: 'Harbour & Sons',
      accent: '#b45309',
      timeZone: 'America/New_York',
      version: version + 1,
    })
    expect((await owner.call('updateAccount', { ...wanted, name: 'Lost' })).body.code).toBe('accountChanged')
    const [entry] = await stored((db) =>
      db
        .selectFrom('audit')
        .select('details')
        .where('account_id', '=', id)
        .where('event', '=', 'accountChanged')
        .execute(),
    )
    expect(entry?.details).toMatchObject({ name: { to: 'Harbour & Sons' } })
  })

  it('dispatchers and workers cannot change it', async () => {
    const { business } = await startTestServer()
    const b = await business()
    for (const role of ['dispatcher', 'worker'] as const) {
      const low = await b.staff(role)
      expect((await low.call('getAccount')).status).toBe(403)
      expect((await low.call('removeLogo')).status).toBe(403)
      expect(
        (
          await upload(
            low,
            b.slug,
            await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
              .png()
              .toBuffer(),
          )
        ).status,
      ).toBe(403)
    }
  })

  it('PS-28 V-09 an uploaded logo is re-encoded; addresses, scripts and SVG with scripts are refused', async () => {
    const { business } = await startTestServer()
    const b = await business()
    const picture = await sharp({ create: { width: 1600, height: 400, channels: 3, background: '#0f6b7c' } })
      .jpeg()
      .toBuffer()
    expect((await upload(b.owner, b.slug, picture, 'logo.jpg')).status).toBe(200)
    const shown = await b.owner.call('getOfficeLogo')
    expect(shown.headers['content-type']).toBe('image/png')
    expect((await b.owner.ok('getOffice')).logo).toContain(`/api/v1/office/${b.slug}/logo`)
    for (const wrong of [
      '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://169.254.169.254/"/></svg>',
      'http://169.254.169.254/logo.png',
      '%PDF-1.7',
      '',
    ]) {
      expect((await upload(b.owner, b.slug, Buffer.from(wrong))).status, wrong).toBe(422)
    }
    await b.owner.ok('removeLogo')
    expect((await b.owner.call('getOfficeLogo')).status).toBe(404)
  })

  it("the home page counts requests, and today's visits in the business's time zone", async () => {
    const { business } = await startTestServer()
    const b = await business({ timeZone: 'Pacific/Auckland' })
    const home = await b.owner.ok('getOfficeHome')
    expect(home.counts).toEqual({ requested: 0, today: 0, started: 0, stuck: 0, unread: 0 })
    expect(home.first).toMatchObject({ hasTemplates: false, hasCustomers: false, hasJobs: false })
    await b.customer()
    await b.template()
    expect((await b.owner.ok('getOfficeHome')).first).toMatchObject({ hasTemplates: true, hasCustomers: true })
    expect((await (await b.staff('worker')).ok('getOfficeHome')).first).toBeNull()
  })

  it('a day with a clock change has 23 or 25 hours', () => {
    const length = (at: string) => {
      const { from, to } = dayBounds(new Date(at), 'Europe/London')
      return (to.getTime() - from.getTime()) / 3600_000
    }
    expect([length('2026-03-29T12:00:00Z'), length('2026-10-25T12:00:00Z'), length('2026-06-01T12:00:00Z')]).toEqual([
      23, 25, 24,
    ])
    expect(dayBounds(new Date('2026-11-21T22:00:00Z'), 'Pacific/Auckland').from.toISOString()).toBe(
      '2026-11-21T11:00:00.000Z',
    )
  })
})
