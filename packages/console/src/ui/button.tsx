import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import styles from './button.module.css';
import { classes } from './classes.ts';

type Look = 'primary' | 'danger' | 'quiet' | 'wide' | 'icon' | 'small' | 'link';
export type ButtonProps = Omit<AriaButtonProps, 'className'> & { look?: Look | readonly Look[] };

/**
 * A button; `look` combines: `['primary', 'wide']`. One of icon only needs an `aria-label`. While it is pending it stays focused and looks
 * busy; what it starts must ignore a second press.
 */
export function Button({ look, isPending = false, ...props }: ButtonProps) {
  return (
    <AriaButton
      {...props}
      data-pending={isPending || undefined}
      className={classes(styles.button, ...[look ?? []].flat().map((name) => styles[name]))}
    />
  );
}
