//! Judges Jinja templates, wherever they come from: configurations, files of their own, metadata of models.

mod arguments;
mod cursor;
mod evaluate;
mod names;
mod token;
mod value;

use tutela_core::{Severity, escape};

use evaluate::Evaluator;
pub(crate) use names::is_runner;

/// Something that a template does and an ordinary one does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateDeed {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What it does, as a clause after "the template"; escaped.
    pub(crate) does: String,
    /// The bytes of the template that do it.
    pub(crate) region: (u64, u64),
    /// The tag, escaped and bounded.
    pub(crate) tag: String,
}

/// Whether a text holds anything that Jinja would act on.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Longer templates are not read to their end: those of well-known models are below 20 KiB.
const LONGEST: usize = 1 << 20;

/// What a template does that an ordinary chat template does not; each kind of deed once.
pub(crate) fn judge_template(template: &str) -> Vec<TemplateDeed> {
    let mut evaluator = Evaluator::default();
    let mut found: Vec<TemplateDeed> = Vec::new();
    let end = (0..=template.len().min(LONGEST))
        .rev()
        .find(|end| template.is_char_boundary(*end));
    let read = template.get(..end.unwrap_or_default()).unwrap_or_default();
    if read.len() < template.len() {
        found.push(TemplateDeed {
            severity: Severity::High,
            does: "is longer than any real one and is not read to its end".to_owned(),
            region: (read.len() as u64, template.len() as u64),
            tag: String::new(),
        });
    }
    for tag in token::tags(read) {
        for deed in evaluator.tag(&tag) {
            let does = escape(&deed.does, 200);
            if found.len() < 50 && found.iter().all(|known| known.does != does) {
                found.push(TemplateDeed {
                    severity: deed.severity,
                    does,
                    region: (tag.at as u64, tag.end as u64),
                    tag: escape(template.get(tag.at..tag.end).unwrap_or_default(), 160),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn worst(template: &str) -> Option<Severity> {
        judge_template(template)
            .iter()
            .map(|deed| deed.severity)
            .max()
    }

    #[test]
    fn ways_out_are_found() {
        for template in [
            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            "{% for c in [].__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}",
            "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
            "{{ lipsum.__globals__['os'].popen('id') }}",
            "{{ joiner['__init__']['__globals__'] }}",
            "{{ self._TemplateReference__context.cycler }}",
            "{{ x|attr('__class__') }}",
            "{{ x|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
            "{{ x|attr('__cl' ~ 'ass__') }}",
            "{{ x|attr(['__', 'class', '__']|join) }}",
            "{{ x|attr(''.join(['_', '_', 'class', '_', '_'])) }}",
            "{{ x|attr('%s%sclass%s%s'|format('_', '_', '_', '_')) }}",
            "{{ x|attr('%c%cclass%c%c' % (95, 95, 95, 95)) }}",
            "{{ x|attr('__ssalc__'|reverse) }}",
            "{{ x['__ssalc__'[::-1]] }}",
            "{{ x['__CLASS__'|lower] }}",
            "{{ x['__cl@ss__'.replace('@', 'a')] }}",
            "{{ x['_' * 2 ~ 'class' ~ '_' * 2] }}",
            "{{ x['{0}{0}class{0}{0}'.format('_')] }}",
            "{{ '{0.__class__.__init__}'.format(x) }}",
            "{{ '{a[b].__globals__!r:>9}'.format_map(x) }}",
            "{{ ('{0.__cla' ~ 'ss__}').format(x) }}",
            "{{ ('{0.__class__}'|attr('format'))(x) }}",
            "{% set a = '__cla' %}{% set b = 'ss__' %}{{ x[a ~ b] }}",
            "{% set ns = namespace(a='__class__') %}{{ x|attr(ns.a) }}",
            "{{ x|attr(dict(__class__=1)|list|first) }}",
            "{{ x|attr(dict(__cla=1, ss__=2)|join) }}",
            "{{ x|attr(request.args.name) }}",
            "{{ messages|map(attribute='__class__')|list }}",
            "{{ messages|selectattr('content.__class__') }}",
            "{{ x.get('__globals__') }}",
            "{{ (x if y else z).__class__ }}",
            "{{ [1, (2, {'a': x.__class__})] }}",
            "{% if x.__class__ %}{% endif %}",
            "{%- set y = namespace.__init__ -%}",
            "{% include '/etc/passwd' %}",
            "{% import 'x' as y %}",
            "{% from 'x' import y %}",
            "{% extends 'base' %}",
            "{{ g.pop.__globals__ }}",
            "{{ range.__class__ }}",
            "{% for k in ['__class__', '__init__'] %}{{ x[k] }}{% endfor %}",
            "{{ (generator).gi_frame.f_builtins }}",
            "{{ eval('1') }}",
            "{{ getattr(getattr('', '__class__'), '__mro__') }}",
            "{{ messages and x['__class__'] }}",
            "{{ '' if true else x.__class__",
            "{% for i in range(0, 999999999) %}a{% endfor %}",
            "{{ 'a' * 999999999 }}",
            "{% filter attr('__class__') %}x{% endfilter %}",
        ] {
            assert!(worst(template) >= Some(Severity::High), "{template}");
        }
    }

    #[test]
    fn ordinary_templates_are_not() {
        for template in [
            "{{ raise_exception('a role named __init__ is not known') }}",
            "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
            "{%- set ns = namespace(found=false, last=-1) -%}{%- for m in messages[::-1] %}{% set ns.found = true %}{% set ns.last = (messages|length - 1) - loop.index0 %}{% endfor -%}",
            "{{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}",
            "{%- set date_string = strftime_now('%d %b %Y') %}{{ tools | tojson(indent=4) }}{{ \"%s: %d\"|format(a, b) }}",
            "{% macro render(value, level=0) %}{% if value is mapping %}{% for k, v in value|items %}{{ k }}{{ render(v, level + 1) }}{% endfor %}{% endif %}{% endmacro %}",
            "{% for m in messages if m.role == 'user' %}{{ m['content'][0]['text'].split('</think>')[-1].lstrip('\\n') }}{% else %}{% break %}{% endfor %}",
            "{% generation %}{{ message.content }}{% endgeneration %}{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|join('\\n') }}",
            "{% raw %}{{ x.__class__ }}{% endraw %}{# {{ x.__class__ }} #}never __class__",
            "{{ '__start__ {} {name:>9} {0[key]}'.format(a, name=b) }}",
            "{{ '__start__' ~ message.content ~ '__end__' }}",
            "{% if '__class__' in message.content %}{{ 'no' }}{% endif %}",
            "{{ arguments[param_name] }}{{ message[key] }}{{ tool.parameters.properties.get(name, {}) }}",
            "{% set role = 'assistant' if message.role == 'model' else message.role %}{{ roles[role] }}",
            "{{ 'a' * 3 }}{{ dict(a=1) }}{{ 1 if x is not none and y is defined else 2 }}{{ x is divisibleby 3 }}",
        ] {
            assert_eq!(judge_template(template), [], "{template}");
        }
    }

    #[test]
    fn lists_of_lists_do_not_grow_without_bound() {
        let mut template = "{% set a0 = ['x', 'y'] %}".to_owned();
        for level in 1..40 {
            let before = format!("a{}, ", level - 1).repeat(200);
            template += &["{% set a", &level.to_string(), " = [", &before, "] %}"].concat();
        }
        assert_eq!(judge_template(&template), []);
        let long = "{{ a }}".repeat(200_000);
        assert_eq!(worst(&long), Some(Severity::High));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(template in "([{}%#'\"a-z_.|()\\[\\]~*+, \\\\0-9]|\\{\\{|\\{%|%\\}|\\}\\}){0,120}") {
            judge_template(&template).clear();
        }
    }
}
