/** Line drawings on a 16 px grid, in the current colour. */
const PATHS = {
  side: 'M2 3h5v10H2zM9 3h5v10H9z',
  swipe: 'M2 3h12v10H2zM8 1.5v13M5.5 6 4 8l1.5 2M10.5 6 12 8l-1.5 2',
  onion: 'M2 2h8v8H2zM6 6h8v8H6z',
  blink: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  difference: 'M2 8h12M5 3v4M3 5h4M9.5 4.5h4M3 11.5h4M9.5 11.5h4',
  previous: 'M10 3 5 8l5 5',
  next: 'M6 3l5 5-5 5',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
  pixels: 'M2 2h12v12H2zM2 6h12M2 10h12M6 2v12M10 2v12',
  loupe: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5 14 14',
  ruler: 'M1.5 5h13v6h-13zM4 5v2.5M6.5 5v3.5M9 5v2.5M11.5 5v3.5',
  crop: 'M4.5 1v10.5H15M1 4.5h10.5V15',
  boxes: 'M2 4h8v8H2zM12 4h2.5M12 8h2.5M12 12h2.5',
  overlay: 'M8 1.5 14.5 5 8 8.5 1.5 5zM1.5 8 8 11.5 14.5 8M1.5 11 8 14.5l6.5-3.5',
  copy: 'M5 5h9v9H5zM11 5V2H2v9h3',
  save: 'M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  paper: 'M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3',
  back: 'M13 8H3.5M7 4 3 8l4 4',
  play: 'M4.5 2.5v11l9-5.5z',
  pause: 'M4 3h2.5v10H4zM9.5 3H12v10H9.5z',
  stop: 'M3.5 3.5h9v9h-9z',
  tag: 'M2 2h5.5l6.5 6.5-5.5 5.5L2 7.5zM5 5h.01',
  help: 'M6 6a2 2 0 1 1 2.8 1.9c-.5.3-.8.7-.8 1.3v.3M8 12h.01M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="m-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
