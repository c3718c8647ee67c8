/** Which of two SR images of the same input invents more. Each pair is asked in both orders over the repeats. */
export const hsPairwise = `---
title: Which of two super-resolved images invents more, rubric of Mirage
mode: gt+lr
images: [gt, lr, { show: sr, label: Image A }, { show: rival, label: Image B }]
answer: pairwise
detail: high
system: You compare super-resolved photographs for invented content. You report only what you can see in the images.
---
Two super-resolution models enlarged the same low-resolution photograph. You are shown, in this order:
{% for image in images %}
{{ forloop.index }}. {{ image.label }}
{%- endfor %}

Which of Image A and Image B invents more? Invented is detail that{% if mode contains "lr" %} could not have come from the scene that gave the low-resolution input{% endif %}{% if mode == "gt+lr" %}, or{% endif %}{% if mode contains "gt" %} changes the meaning relative to the reference: an object, part, text, material or structure that became something else, appeared, or vanished into something else{% endif %}.

Blur, noise, softness and missing detail are not inventions: the blurrier image is not the worse one. Sharpness and beauty are no merit.

Answer with JSON only, the evidence before the verdict:
{"a": ["each invention in Image A"], "b": ["each invention in Image B"], "more": "A", "B" or "neither"}
`
