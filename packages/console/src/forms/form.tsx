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
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      onSubmit();
    }
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a key of all its fields
    <form className={styles.form} onSubmit={submit} onKeyDown={onKeyDown} noValidate ref={form}>
      {children}
      {error !== undefined && !isAtFields && <Failure error={error} />}
    </form>
  );
}
