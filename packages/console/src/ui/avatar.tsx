import styles from './avatar.module.css';

/** The first letters of the first and the last word. */
export const initialsOf = (name: string): string => {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.map((word) => [...(word ?? '')][0]?.toLocaleUpperCase() ?? '').join('');
};

/** A tint that stays with the id. It is no custom property, for which the browser would style again what is in the avatar. */
const tintOf = (id: string): string => {
  const hue = [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  return `light-dark(oklch(93% 0.025 ${hue}), oklch(32% 0.035 ${hue}))`;
};

type AvatarProps = { id: string; name: string; url?: string | null; size?: number };

/** The picture of a person, else initials on a tint derived from the id. The name stands beside it. */
export function Avatar({ id, name, url, size = 24 }: AvatarProps) {
  const style = {
    background: tintOf(id),
    ...(size !== 24 && { width: size, height: size, fontSize: size * 0.4 }),
  };
  return (
    <span className={styles.avatar} style={style} data-initials={url ? undefined : initialsOf(name)} aria-hidden>
      {url && <img src={url} alt="" loading="lazy" width={size} height={size} />}
    </span>
  );
}
