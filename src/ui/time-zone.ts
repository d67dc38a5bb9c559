/** "London" for `Europe/London`: the name of a time zone as people say it. */
export const zoneName = (timeZone: string): string => timeZone.split('/').at(-1)!.replaceAll('_', ' ')
