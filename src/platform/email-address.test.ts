import { expect, it } from 'vitest'
import { asciiEmail, isEmailAddress, readableEmail, emailNorm } from './email-address.ts'

it('takes domains of any script and every unquoted local part', () => {
  const real = [
    'info@bücher.example',
    'info@müller-heizung.example',
    'info@beispiel.xn--p1ai',
    'sales&service@post.example',
    'r/d@post.example',
    'ana@例え.テスト',
    "o'neil+x@post.example",
  ]
  expect(real.filter((each) => !isEmailAddress(each))).toEqual([])
  const others = [
    '',
    '@',
    'kim',
    'kim@',
    '@post.example',
    'kim@post',
    'kim@1.2.3.4',
    'kim@[1.2.3.4]',
    'a..b@post.example',
    '.a@post.example',
    'a b@post.example',
    'kim@post..example',
    'kim@-post.example',
    'kim@post.example/x',
    'kim@po%73t.example',
    '"a b"@post.example',
    'a@b@post.example',
    `${'a'.repeat(65)}@post.example`,
  ]
  expect(others.filter((each) => isEmailAddress(each))).toEqual([])
})

it('compares and mails by the ASCII form of the domain, and shows the readable one', () => {
  expect(asciiEmail('info@bücher.example')).toBe('info@xn--bcher-kva.example')
  expect(emailNorm(' Info@Bücher.example')).toBe('info@xn--bcher-kva.example')
  expect(readableEmail('Info@xn--bcher-kva.example')).toBe('Info@bücher.example')
  expect([asciiEmail('kim'), readableEmail('kim@post.example')]).toEqual(['kim', 'kim@post.example'])
})
