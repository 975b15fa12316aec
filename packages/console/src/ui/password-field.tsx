import { Eye, EyeOff } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { TextField, type TextFieldProps } from './text-field.tsx';

/** A password that can be shown, pasted and filled in by a manager; says when caps lock is on. */
export function PasswordField({ description, ...props }: TextFieldProps) {
  const { t } = useTranslation();
  const [isShown, setShown] = useState(false);
  const [isCapsLock, setCapsLock] = useState(false);
  const watch = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'));
  return (
    <div onKeyUp={watch} onKeyDown={watch} role="presentation">
      <TextField
        {...props}
        type={isShown ? 'text' : 'password'}
        description={isCapsLock ? t('common.capsLock') : description}
        end={
          <Button
            look={['quiet', 'icon', 'small']}
            onPress={() => setShown(!isShown)}
            aria-label={isShown ? t('common.hidePassword') : t('common.showPassword')}
          >
            {isShown ? <EyeOff size={16} strokeWidth={1.5} /> : <Eye size={16} strokeWidth={1.5} />}
          </Button>
        }
      />
    </div>
  );
}
