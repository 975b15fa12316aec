import { ClientelaError } from '@clientela/client';
import { useEffect, useRef, type FormEvent, type KeyboardEvent, type ReactNode } from 'react';
import { Failure } from '../ui/failure.tsx';
import styles from '../ui/bar.module.css';

type FormProps = {
  onSubmit: () => void;
  error: unknown;
  /** Fields that show their own error. */
  shown: readonly string[];
  children: ReactNode;
};

/** A form: ⌘Enter or Ctrl+Enter sends it from every field, errors stand at their fields, and the first wrong field is focused. */
export function Form({ onSubmit, error, shown, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== undefined) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);
  const fields = error instanceof ClientelaError ? error.fields : {};
  const elsewhere = Object.entries(fields).filter(([path]) => !shown.includes(path));
  const isAtFields = Object.keys(fields).length > 0 && elsewhere.length === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isWithin = form.current?.contains(event.target as Node); // and not in a dialog above it
    if (isWithin && event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      event.stopPropagation(); // a button would take it as its own Enter
      onSubmit();
    }
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a key of all its fields
    <form className={styles.form} onSubmit={submit} onKeyDownCapture={onKeyDown} noValidate ref={form}>
      {children}
      {error !== undefined && !isAtFields && <Failure error={error} />}
    </form>
  );
}
