/** The customers of Harbour Appliance Repair. All of it is fictional. */
export interface HarbourCustomer {
  name: string
  business?: boolean
  years?: number
  notes?: string
  billing?: string
  sites: [address: string, latitude: number, longitude: number, name?: string][]
  people: [name: string, role: string, email: string, phone: string][]
}
const phone = (last: number) => `07700 900${String(last).padStart(3, '0')}`
const emailOf = (name: string) =>
  `${name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '.')}@post.example`
const household = (name: string, last: number, ...sites: HarbourCustomer['sites']): HarbourCustomer => ({
  name,
  sites,
  people: [[name, '', emailOf(name), phone(last)]],
})

export const customers: HarbourCustomer[] = [
  household(
    'Eleanor Finch',
    142,
    ['14 Pelican Quay, Bristol BS1 6XN', 51.4483, -2.6072],
    ['Flat 3, 22 Redcliffe Parade, Bristol BS1 6SW', 51.4487, -2.5918],
    ['Workshop behind the sheds, Hanover Place, Bristol BS1 6XW', 51.4487, -2.6128, 'Workshop, no street number'],
  ),
  {
    name: 'Redcliffe Parade Lettings',
    business: true,
    years: 4,
    sites: [
      ['Flat 1, 22 Redcliffe Parade, Bristol BS1 6SW', 51.4487, -2.5918, 'Flat 1'],
      ['Flat 3, 22 Redcliffe Parade, Bristol BS1 6SW', 51.4487, -2.5918, 'Flat 3'],
      ['8 Guinea Street, Bristol BS1 6SX', 51.4479, -2.5931],
    ],
    people: [['Eleanor Finch', 'Owner', 'eleanor.finch@post.example', phone(142)]],
  },
  {
    name: 'Dockside Lettings',
    business: true,
    years: 5,
    billing: 'invoices@docksidelettings.example',
    notes: 'Property management. Nine flats around the floating harbour. Ask for Carys first.',
    sites: [
      ['3 Gas Ferry Road, Bristol BS1 6UN', 51.4481, -2.6098, 'Office'],
      ['Flat 2, 41 Gas Ferry Road, Bristol BS1 6UN', 51.4484, -2.6101],
      ['Flat 7, 5 Pelican Quay, Bristol BS1 6XN', 51.4483, -2.6072],
      ['12 Hotwell Road, Bristol BS8 4UB', 51.4497, -2.6123],
    ],
    people: [
      ['Naveed Aslam', 'Director', 'naveed@docksidelettings.example', phone(441)],
      ['Carys Bevan', 'Lettings manager', 'carys@docksidelettings.example', phone(126)],
      ['Owen Marsh', 'Caretaker, Pelican Quay', '', phone(873)],
    ],
  },
  {
    name: 'Quayside Studios',
    business: true,
    years: 3,
    sites: [['Unit 4, Spike Island, 133 Cumberland Road, Bristol BS1 6UX', 51.4468, -2.6093]],
    people: [['Naveed Aslam', 'Landlord', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Harbourside Apartments',
    business: true,
    years: 3,
    sites: [
      ['2 Canons Way, Bristol BS1 5UH', 51.4506, -2.6021, 'Block A'],
      ['6 Canons Way, Bristol BS1 5UH', 51.4508, -2.6027, 'Block B'],
    ],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Pelican Quay Residents',
    business: true,
    years: 2,
    sites: [['1–30 Pelican Quay, Bristol BS1 6XN', 51.4482, -2.607]],
    people: [['Owen Marsh', 'Caretaker', '', phone(873)]],
  },
  {
    name: 'Gas Ferry Lofts',
    business: true,
    years: 2,
    sites: [['60 Gas Ferry Road, Bristol BS1 6UN', 51.449, -2.6105]],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Redcliffe Wharf House',
    business: true,
    years: 1,
    sites: [['Redcliffe Wharf, Bristol BS1 6SR', 51.4492, -2.5915]],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Ferryman’s Court',
    business: true,
    years: 1,
    sites: [['9 Queen Charlotte Street, Bristol BS1 4HL', 51.4519, -2.5928]],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Lockside Hotel',
    business: true,
    years: 6,
    billing: 'accounts@locksidehotel.example',
    notes: 'Laundry is urgent: 40 rooms. Always call reception on arrival.',
    sites: [['2 Brunel Lock Road, Bristol BS1 6XS', 51.4479, -2.6212]],
    people: [
      ['Oliver Marchant', 'Front office manager', 'oliver@locksidehotel.example', phone(555)],
      ['Accounts', 'Accounts', 'accounts@locksidehotel.example', '0117 496 0177'],
    ],
  },
  {
    name: 'Ashton Vale Nursery',
    business: true,
    years: 2,
    sites: [['31 Ashton Vale Road, Bristol BS3 2HW', 51.4357, -2.6243]],
    people: [
      ['Beth Lowther', 'Manager', 'beth@ashtonvale.example', phone(310)],
      ['Caretaker', 'Caretaker', 'caretaker@ashtonvale.example', phone(311)],
    ],
  },
  {
    name: 'The Grain Barge',
    business: true,
    years: 5,
    sites: [['Mardyke Wharf, Hotwell Road, Bristol BS8 4RU', 51.4498, -2.6146]],
    people: [['Greg Tallis', 'Landlord', 'greg@grainbarge.example', phone(620)]],
  },
  {
    name: 'Brunel Dental Practice',
    business: true,
    years: 7,
    billing: 'practice@bruneldental.example',
    sites: [['17 Park Street, Bristol BS1 5NG', 51.4541, -2.6024]],
    people: [['Hilary Voss', 'Practice manager', 'practice@bruneldental.example', '0117 496 0131']],
  },
  {
    name: 'Brightline Rentals',
    business: true,
    years: 1,
    sites: [
      ['Unit 12, Albert Road, Bristol BS2 0XJ', 51.4459, -2.572, 'Warehouse'],
      ['44 Stokes Croft, Bristol BS1 3QD', 51.4629, -2.5896],
    ],
    people: [['Marlon Pike', 'Operations', 'marlon@brightline.example', phone(704)]],
  },
  {
    name: 'The Mill Gym',
    business: true,
    years: 3,
    sites: [['Baynton Road, Bristol BS3 2EB', 51.4427, -2.6168]],
    people: [['Tess Oakley', 'Duty manager', 'tess@millgym.example', phone(718)]],
  },
  {
    name: 'St Mary’s Vestry',
    business: true,
    years: 8,
    sites: [['10 Colston Parade, Bristol BS1 6RA', 51.448, -2.5893]],
    people: [['Rev. Alice Penn', 'Vicar', 'vestry@stmarys.example', '0117 496 0118']],
  },
  {
    name: 'Totterdown Bakery',
    business: true,
    years: 2,
    sites: [['168 Wells Road, Bristol BS4 2AL', 51.4396, -2.5756]],
    people: [['Rhys Ollerton', 'Baker', 'rhys@totterdownbakery.example', phone(802)]],
  },
  {
    name: 'Southville Community Centre',
    business: true,
    years: 4,
    sites: [['Beauley Road, Bristol BS3 1QG', 51.4431, -2.6041]],
    people: [
      ['Anita Desai', 'Centre manager', 'anita@southville.example', phone(811)],
      ['Reception', 'Reception', 'reception@southville.example', '0117 496 0166'],
    ],
  },
  {
    name: 'Bedminster Veterinary Surgery',
    business: true,
    years: 3,
    sites: [['226 North Street, Bristol BS3 1JD', 51.4404, -2.6079]],
    people: [['Jo Haskins', 'Practice manager', 'jo@bedminstervets.example', phone(824)]],
  },
  household('Idris Mirza', 211, ['7 Cotham Brow, Bristol BS6 6AE', 51.4672, -2.5944]),
  household('Martha Okonkwo', 212, ['53 Upper Perry Hill, Bristol BS3 1NH', 51.4436, -2.6058]),
  household('Sofia Lindqvist', 213, ['98 Hotwell Road, Bristol BS8 4UB', 51.4499, -2.6131]),
  household('Jonas Wetherby', 214, ['5 Cliftonwood Crescent, Bristol BS8 4TU', 51.4516, -2.6114]),
  household('Hannah Prewett', 215, ['29 Sydenham Lane, Bristol BS6 5SB', 51.4668, -2.5886]),
  household('Temi Abara', 216, ['12 Picton Street, Bristol BS6 5QA', 51.4636, -2.5887]),
  household('Peter Lowe', 217, ['40 Raleigh Road, Bristol BS3 1QR', 51.4421, -2.6107]),
  household('Joan Bright', 218, ['6 Victoria Square, Bristol BS8 4ET', 51.4549, -2.6178]),
  household('Amina Hussain', 219, ['77 Coronation Road, Bristol BS3 1AT', 51.4447, -2.6006]),
  household('Rory Keane', 220, ['19 Ashley Hill, Bristol BS6 5JA', 51.4705, -2.5797]),
  household('Minh Tran', 221, ['33 Lower Redland Road, Bristol BS6 6TB', 51.4651, -2.6062]),
  household('Cerys Rees', 222, ['4 Oakfield Place, Bristol BS8 2BJ', 51.4585, -2.6101]),
  household('Julia Sayer', 223, ['61 Kensington Road, Bristol BS5 7NB', 51.4627, -2.5481]),
  household('Kieran Doyle', 224, ['15 Greville Street, Bristol BS3 3DP', 51.4388, -2.5951]),
  household('Nora Frame', 225, ['2 Richmond Terrace, Bristol BS8 1AA', 51.4576, -2.6112]),
  household('Graham Munro', 226, ['84 Sandy Park Road, Bristol BS4 3PF', 51.4414, -2.5556]),
  household('Lena Beck', 227, ['27 Egerton Road, Bristol BS7 8HN', 51.4768, -2.5953]),
  household('Bryony Stone', 228, ['9 Alma Vale Road, Bristol BS8 2HL', 51.4619, -2.6142]),
  household('Farah Abbas', 229, ['110 Church Road, Bristol BS5 9HD', 51.4601, -2.5566]),
  household('Isaac Cole', 230, ['38 Paultow Road, Bristol BS3 4QP', 51.4381, -2.5868]),
  household('Dylan Pope', 231, ['3 Royal York Crescent, Bristol BS8 4JZ', 51.4528, -2.6196]),
  household('Zoë Brandão', 232, ['18 Stackpool Road, Bristol BS3 1NQ', 51.4424, -2.6033]),
  household('Yusuf Çelik', 233, ['55 Gloucester Road, Bristol BS7 8AD', 51.4706, -2.5911]),
]
