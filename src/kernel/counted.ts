/** A number and what it counts: `1 image`, `2 images`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
