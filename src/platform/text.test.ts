import { describe, expect, it } from 'vitest'
import { email, line, search, text } from './schema.ts'
import { cleanLine, cleanText, trimCharacters, withoutInvisible } from './text.ts'

const codeOf = (result: { success: boolean; error?: { issues: { message: string }[] } | undefined }) =>
  result.error?.issues[0]?.message

describe('pasted text', () => {
  it('1.12 invisible marks around an address, a number and a name are taken out before they are judged', () => {
    expect(email().parse('\u200bkim@post.example')).toBe('kim@post.example')
    expect(email().parse('\u202akim@post.example\u202c')).toBe('kim@post.example')
    expect(line().parse('\u202a+44 117 496 0001\u202c')).toBe('+44 117 496 0001')
    expect(line().parse('\u202enaitsabeS')).toBe('naitsabeS')
    expect(search().parse('fi\u00adnch\u200e')).toBe('finch')
  })

  it('1.12 a name with nothing to see in it is required', () => {
    for (const name of [
      '\u200b\u200b',
      '\u3164',
      '\u2800\u2800',
      '\u00a0',
      '\u202e',
      '\ufeff',
      '\u0301',
      '\u{e0041}',
      '\ufe0f',
    ])
      expect(codeOf(line().safeParse(name)), JSON.stringify(name)).toBe('required')
  })

  it('1.12 a text of several lines keeps its line ends and loses what turns them around', () => {
    expect(text().parse('one\r\ntwo\u2028three\u202e\rfour\t.')).toBe('one\ntwo\nthree\nfour\t.')
    expect(text().parse('\u2066\n\u2069')).toBe('')
  })

  it('1.12 joiners and selectors stay where they mean something', () => {
    for (const kept of [
      '👩\u200d🔧 Rosa', // joined emoji
      '👨🏽\u200d🔧',
      '❤\ufe0f 1\ufe0f\u20e3',
      'می\u200cخواهم', // Persian
      'क्\u200dष', // Devanagari
      'ന്\u200d', // Malayalam, at the end of a word
      '葛\u{e0100}城', // a form of a Japanese name
      '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', // the flag of England
      'Zoë Müller-Łuczak, 東京',
    ])
      expect(cleanLine(kept)).toBe(kept)
    for (const hidden of ['a\u200db', 'a\u200cb', 'a\ufe00', 'a\u{e0067}', 'e\u0301\u200d'])
      expect(withoutInvisible(hidden)).not.toMatch(/[\u200c\u200d\ufe00\u{e0067}]/u)
  })

  it('control characters are refused and not taken for nothing', () => {
    expect(codeOf(line().safeParse('\u0000'))).toBe('control')
    expect(codeOf(line().safeParse('a\nb'))).toBe('control')
    expect(cleanText('a\u0085b')).toBe('ab')
  })

  it('a text far over its limit is refused before it is cleaned', () => {
    for (const schema of [line(10), text(10), email(), search()]) {
      const { error } = schema.safeParse(' '.repeat(100_000))
      expect(error?.issues.map(({ message }) => message)[0]).toBe('tooLong')
    }
  })

  it('characters are trimmed at both ends and nowhere else', () => {
    expect(trimCharacters('..a.b..', (character) => character === '.')).toBe('a.b')
    expect(trimCharacters('....', (character) => character === '.')).toBe('')
  })
})
