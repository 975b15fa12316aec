import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { Checkbox as AriaCheckbox, type CheckboxProps as AriaCheckboxProps } from 'react-aria-components';
import styles from './checkbox.module.css';

type CheckboxProps = Omit<AriaCheckboxProps, 'className' | 'children'> & { children: ReactNode };

/** A yes or no with its text. */
export const Checkbox = ({ children, ...props }: CheckboxProps) => (
  <AriaCheckbox {...props} className={styles.checkbox}>
    {({ isSelected }) => (
      <>
        <span className={styles.box} aria-hidden>
          {isSelected && <Check size={12} strokeWidth={3} />}
        </span>
        <span>{children}</span>
      </>
    )}
  </AriaCheckbox>
);
