import type { ReactNode, Ref } from 'react';
import { FieldError, Input, Label, Text, TextArea, TextField as AriaTextField } from 'react-aria-components';
import type { TextFieldProps as AriaTextFieldProps } from 'react-aria-components';
import styles from './field.module.css';
import { visible } from './visible.tsx';

export type TextFieldProps = Omit<AriaTextFieldProps, 'className' | 'children' | 'isInvalid'> & {
  label: ReactNode;
  /** Whether the label, a text, is for screen readers only. */
  isLabelHidden?: boolean;
  description?: ReactNode;
  /** Why the value is not accepted; marks the field. */
  error?: string;
  placeholder?: string;
  multiline?: boolean;
  rows?: number;
  inputRef?: Ref<HTMLInputElement>;
  areaRef?: Ref<HTMLTextAreaElement>;
  /** What stands at the end within the field, such as a button. */
  end?: ReactNode;
};

/** A text field with its label, hint and error. */
export function TextField({ label, description, error, placeholder, multiline, rows, end, ...props }: TextFieldProps) {
  const { inputRef, areaRef, isLabelHidden, ...field } = props;
  return (
    <AriaTextField
      {...field}
      isInvalid={error !== undefined}
      validationBehavior="aria"
      className={styles.field}
      {...(isLabelHidden && typeof label === 'string' && { 'aria-label': label })}
    >
      {!isLabelHidden && <Label className={styles.label}>{label}</Label>}
      {multiline ? (
        <TextArea className={styles.area} placeholder={placeholder} rows={rows} dir="auto" ref={areaRef} />
      ) : (
        <span className={end === undefined ? undefined : styles.group}>
          <Input className={styles.input} placeholder={placeholder} dir="auto" ref={inputRef} />
          {end !== undefined && <span className={styles.inside}>{end}</span>}
        </span>
      )}
      {description !== undefined && (
        <Text slot="description" className={styles.description}>
          {description}
        </Text>
      )}
      <FieldError className={styles.error}>{visible(error)}</FieldError>
    </AriaTextField>
  );
}
