import { Check, ChevronDown } from 'lucide-react';
import {
  Button,
  FieldError,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select as AriaSelect,
  SelectValue,
} from 'react-aria-components';
import field from './field.module.css';
import styles from './menu.module.css';
import { visible } from './visible.tsx';

type SelectProps<V extends string> = {
  label: string;
  /** Whether the label is for screen readers only. */
  isLabelHidden?: boolean;
  value: V | null;
  onChange: (value: V) => void;
  options: readonly { value: V; text: string }[];
  error?: string;
  placeholder?: string;
  isDisabled?: boolean;
  onBlur?: () => void;
};

/** A choice of one of a few. */
export function Select<V extends string>({
  label,
  isLabelHidden,
  value,
  onChange,
  options,
  error,
  ...props
}: SelectProps<V>) {
  return (
    <AriaSelect
      className={field.field}
      value={value}
      onChange={(key) => key !== null && onChange(key as V)}
      isInvalid={error !== undefined}
      {...(isLabelHidden && { 'aria-label': label })}
      {...props}
    >
      {!isLabelHidden && <Label className={field.label}>{label}</Label>}
      <Button className={styles.trigger}>
        <SelectValue className={styles.value} />
        <ChevronDown size={16} strokeWidth={1.5} aria-hidden />
      </Button>
      <FieldError className={field.error}>{visible(error)}</FieldError>
      <Popover className={styles.popover}>
        <ListBox className={styles.menu} items={options}>
          {(option: { value: V; text: string }) => (
            <ListBoxItem id={option.value} textValue={option.text} className={styles.item}>
              {({ isSelected }) => (
                <>
                  <span className={styles.check}>{isSelected && <Check size={16} aria-hidden />}</span>
                  {visible(option.text)}
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
