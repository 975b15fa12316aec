import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { TextField } from './text-field.tsx';

type SearchBoxProps = { label: string; value: string; onChange: (text: string) => void };

/** Searches a list a moment after the last letter. Its text is that of the address. */
export function SearchBox({ label, value, onChange }: SearchBoxProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    if (value !== text.trim()) setText(value); // the address changed, as by "back"
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (typed: string, wait = 250) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => typed.trim() !== value && onChange(typed.trim()), wait);
  };
  return (
    <TextField
      label={<span className="visually-hidden">{label}</span>}
      placeholder={label}
      value={text}
      onChange={type}
      maxLength={200}
      end={
        text === '' ? undefined : (
          <Button look={['quiet', 'icon', 'small']} aria-label={t('common.clear')} onPress={() => type('', 0)}>
            <X size={16} strokeWidth={1.5} />
          </Button>
        )
      }
    />
  );
}
