/** Templates, customers, answers and phrases of Northside Heating. All of it is fictional. */
import type { FieldValues } from '../../src/features/templates/fields/rules.ts'
import type { TemplateInput } from '../builder.ts'
import { field } from '../fields.ts'
import type { Random } from '../random.ts'
import type { Phrases } from '../random-jobs.ts'

export const templates: Omit<TemplateInput, 'position' | 'since'>[] = [
  {
    key: 'repair',
    name: 'Boiler repair',
    description: 'No heat, no hot water, or an error code',
    icon: 'flame',
    minutes: 90,
    versions: [
      [
        field('boiler', 'Boiler make', 'pickList', 'required', 'optional', {
          options: ['Baxi', 'Ideal', 'Vaillant', 'Viessmann', 'Worcester', 'Other'],
        }),
        field('fault', 'What’s wrong?', 'text', 'required', 'readOnly'),
        field('code', 'Error code', 'text', 'optional', 'readOnly'),
        field('photos', 'Photos', 'file', 'optional', 'readOnly'),
        field('pressure', 'Pressure', 'number', 'hidden', 'required', { unit: 'bar' }),
      ],
    ],
  },
  {
    key: 'service',
    name: 'Boiler service',
    description: 'Yearly service with a gas safety record',
    icon: 'shield-check',
    minutes: 60,
    versions: [
      [
        field('boiler', 'Boiler make', 'pickList', 'required', 'optional', {
          options: ['Baxi', 'Ideal', 'Vaillant', 'Viessmann', 'Worcester', 'Other'],
        }),
        field('last', 'Last service', 'date', 'optional', 'readOnly'),
        field('record', 'Gas safety record', 'file', 'readOnly', 'required'),
      ],
    ],
  },
  {
    key: 'radiator',
    name: 'Cold radiator',
    description: 'Bleeding, balancing, flushing',
    icon: 'thermometer',
    minutes: 60,
    versions: [
      [
        field('rooms', 'How many rooms are cold?', 'number', 'required', 'readOnly'),
        field('fault', 'Anything else?', 'text', 'optional', 'readOnly'),
      ],
    ],
  },
]

interface NorthsideCustomer {
  name: string
  business?: boolean
  address: string
  at: [latitude: number, longitude: number]
}

export const customers: NorthsideCustomer[] = [
  { name: 'Colin Dunne', address: '22 Heaton Park Road, Newcastle upon Tyne NE6 5NR', at: [54.9812, -1.5785] },
  { name: 'Rosa Baptiste', address: '7 Jesmond Vale Terrace, Newcastle upon Tyne NE6 5JT', at: [54.9835, -1.5898] },
  {
    name: 'Byker Wall Co-operative',
    business: true,
    address: 'Raby Cross, Newcastle upon Tyne NE6 2FF',
    at: [54.9747, -1.5775],
  },
  {
    name: 'Ouseburn Pottery',
    business: true,
    address: '36 Lime Street, Newcastle upon Tyne NE1 2PQ',
    at: [54.9749, -1.5918],
  },
  {
    name: 'Tynemouth Guest House',
    business: true,
    address: '48 Percy Park, Tynemouth NE30 4JX',
    at: [55.0213, -1.426],
  },
  { name: 'Sheila Robson', address: '15 Chillingham Road, Newcastle upon Tyne NE6 5XJ', at: [54.9829, -1.5712] },
  { name: 'Wasim Javed', address: '91 Wingrove Avenue, Newcastle upon Tyne NE4 9AA', at: [54.9784, -1.6466] },
  { name: 'Edith Charlton', address: '3 Front Street, Whickham NE16 4JL', at: [54.946, -1.6762] },
  {
    name: 'St Peter’s Marina Flats',
    business: true,
    address: 'Bottlehouse Street, Newcastle upon Tyne NE6 1TL',
    at: [54.9664, -1.5736],
  },
  {
    name: 'Gosforth Dance School',
    business: true,
    address: '120 High Street, Gosforth NE3 1HB',
    at: [55.0068, -1.6183],
  },
]

export function drawAnswers(
  fields: readonly { id: string; type: string; options?: string[] }[],
  random: Random,
): FieldValues {
  const values: FieldValues = {}
  for (const { id, type, options = [] } of fields) {
    if (id === 'fault')
      values[id] = random.pick([
        'No hot water since this morning.',
        'The boiler locks out every night.',
        'It drips onto the floor.',
        'Kettling noise when it heats up.',
      ])
    else if (id === 'code') values[id] = random.pick(['F28', 'EA 227', 'L2', 'F75'])
    else if (id === 'pressure') values[id] = random.pick(['1.2', '1.5', '0.8'])
    else if (type === 'number') values[id] = String(random.integer(1, 4))
    else if (type === 'pickList') values[id] = random.pick(options)
  }
  return values
}

export const phrases: Phrases = {
  customer: ['The baby sleeps until two.', 'Please come to the back door.'],
  office: ['We’ll come to you first thing.', 'The part is ordered.'],
  internal: ['Flue is on the roof. Take the long ladder.', 'Warranty until spring.'],
  done: ['Pressure is back to normal.', 'Serviced and sealed.'],
  canceled: ['Heating came back by itself', 'Landlord is sending someone'],
  paused: ['Part is on its way'],
}
