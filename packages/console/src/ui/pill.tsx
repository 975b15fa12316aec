import type { ReactNode } from 'react';
import { classes } from './classes.ts';
import styles from './pill.module.css';
import { visible } from './visible.tsx';

export type Tone = 'neutral' | 'green' | 'amber' | 'red' | 'blue';

/** A state or a label in a tinted pill. Its text says what its colour says. */
export function Pill({ tone = 'neutral', dot, children }: { tone?: Tone; dot?: boolean; children: ReactNode }) {
  return (
    <span className={classes(styles.pill, dot && styles.dot, tone !== 'neutral' && styles[tone])} dir="auto">
      {typeof children === 'string' ? visible(children) : children}
    </span>
  );
}
