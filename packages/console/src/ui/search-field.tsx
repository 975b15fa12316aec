import { Search, X } from 'lucide-react';
import { useEffect, useEffectEvent, useState, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { Button as AriaButton, Input, SearchField as AriaSearchField } from 'react-aria-components';
import button from './button.module.css';
import { classes } from './classes.ts';
import styles from './toolbar.module.css';

type SearchFieldProps = {
  label: string;
  value: string;
  onSearch: (text: string) => void;
  inputRef?: Ref<HTMLInputElement>;
};

/** Searches a quarter of a second after the last key, and at once on Enter or when it is cleared. */
export function SearchField({ label, value, onSearch, inputRef }: SearchFieldProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    // The address changed, such as by the back button.
    setKnown(value);
    setText(value);
  }
  const search = useEffectEvent((next: string) => {
    if (next.trim() !== value) onSearch(next.trim());
  });
  useEffect(() => {
    const timer = setTimeout(() => search(text), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <AriaSearchField
      className={styles.search}
      aria-label={label}
      value={text}
      onChange={setText}
      onClear={() => onSearch('')}
    >
      <Search size={16} strokeWidth={1.5} aria-hidden />
      <Input placeholder={label} dir="auto" ref={inputRef} />
      <AriaButton
        className={classes(button.button, button.quiet, button.icon, button.small)}
        aria-label={t('common.clear')}
      >
        <X size={14} strokeWidth={1.75} aria-hidden />
      </AriaButton>
    </AriaSearchField>
  );
}
