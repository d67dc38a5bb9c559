/** "London" for `Europe/London`: the city of a time zone. */
export const zoneName = (timeZone: string): string => timeZone.split('/').at(-1)!.replaceAll('_', ' ')
