import { describe, expect, it } from 'vitest'
import { isoIn, toLocalTime, momentOf } from './zone.ts'

describe('days and times of a place', () => {
  it('E-43 a time the clocks jump over is no moment, one they show twice is the first', () => {
    expect(momentOf({ day: '2026-03-29', time: '01:30' }, 'Europe/London')).toBeNull()
    expect(momentOf({ day: '2026-10-25', time: '01:30' }, 'Europe/London')?.toISOString()).toBe(
      '2026-10-25T00:30:00.000Z',
    )
    expect(momentOf({ day: '2026-03-08', time: '02:30' }, 'America/Los_Angeles')).toBeNull()
    expect(momentOf({ day: '2026-07-01', time: '09:00' }, 'Europe/London')?.toISOString()).toBe(
      '2026-07-01T08:00:00.000Z',
    )
  })

  it('a moment is shown as the clock on the wall there shows it', () => {
    const moment = new Date('2026-07-01T08:00:00Z')
    expect(toLocalTime(moment, 'Europe/London')).toEqual({ day: '2026-07-01', time: '09:00' })
    expect(toLocalTime(moment, 'America/Los_Angeles')).toEqual({ day: '2026-07-01', time: '01:00' })
    expect(isoIn(moment, 'Europe/London')).toBe('2026-07-01T09:00:00+01:00')
  })
})
