"""Makes the tiny folders of data/testdata/boxes, the same pictures and boxes as Pascal VOC, COCO and YOLO write them, and
turned.json: what EXIF's orientations make of a box, by Pillow. Run it in this folder: python boxes.py"""
import json, os, random, shutil
from PIL import Image, ImageDraw, ImageOps

rng = random.Random(7)
CLASSES = ["cat", "dog", "owl"]
W, H = 40, 30
root = "boxes"
shutil.rmtree(root, ignore_errors=True)

pictures = []
for n in range(12):
    image = Image.new("RGB", (W, H), tuple(rng.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = rng.randrange(W), rng.randrange(H)
        draw.rectangle([x, y, x + 4, y + 4], fill=tuple(rng.randrange(256) for _ in range(3)))
    boxes = []
    for _ in range(rng.randrange(4) if n else 0):  # the first is a background picture
        x0, y0 = rng.randrange(W - 8), rng.randrange(H - 8)
        x1, y1 = rng.randrange(x0 + 4, W + 1), rng.randrange(y0 + 4, H + 1)
        boxes.append((rng.randrange(3), x0, y0, x1, y1))
    part = "val" if n in (3, 7) else "test" if n == 5 else "train"
    pictures.append((f"p{n:02d}", image, boxes, part))


def save(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)


def picture(path, image):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    image.save(path)


lists = {"train": [], "val": [], "test": []}
coco = {p: {"info": {}, "images": [], "annotations": [], "categories": [{"id": 3 + 4 * k, "name": c} for k, c in enumerate(CLASSES)]} for p in lists}
for n, (name, image, boxes, part) in enumerate(pictures):
    lists[part].append(name)
    # Pascal VOC: counted from 1, the last pixel included
    objects = "".join(
        f"<object><name>{CLASSES[k]}</name><difficult>0</difficult><bndbox><xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for k, x0, y0, x1, y1 in boxes
    )
    picture(f"{root}/voc/JPEGImages/{name}.png", image)
    save(f"{root}/voc/Annotations/{name}.xml", f"<annotation><filename>{name}.png</filename><size><width>{W}</width><height>{H}</height><depth>3</depth></size>{objects}</annotation>\n")
    # COCO: ids with holes, keys in an unusual order
    picture(f"{root}/coco/{part}2017/{name}.png", image)
    c = coco[part]
    c["images"].append({"file_name": f"{name}.png", "id": 100 + 3 * n, "height": H, "width": W})
    for k, x0, y0, x1, y1 in reversed(boxes):
        c["annotations"].append({"segmentation": [[x0, y0, x1, y0, x1, y1]], "iscrowd": 0, "bbox": [x0, y0, x1 - x0, y1 - y0], "category_id": 3 + 4 * k, "image_id": 100 + 3 * n, "id": len(c["annotations"])})
    # YOLO: shares; every third picture as polygons
    lines = ""
    for k, x0, y0, x1, y1 in boxes:
        if n % 3:
            lines += f"{k} {(x0 + x1) / 2 / W!r} {(y0 + y1) / 2 / H!r} {(x1 - x0) / W!r} {(y1 - y0) / H!r}\n"
        else:
            lines += f"{k} {x0 / W!r} {y0 / H!r} {x1 / W!r} {y0 / H!r} {x1 / W!r} {y1 / H!r} {x0 / W!r} {(y0 + y1) / 2 / H!r}\n"
    picture(f"{root}/yolo/images/{part}/{name}.png", image)
    save(f"{root}/yolo/labels/{part}/{name}.txt", lines)
for part, names in lists.items():
    save(f"{root}/voc/ImageSets/Main/{part}.txt", "".join(n + "\n" for n in names))
    c = coco[part]
    save(f"{root}/coco/annotations/instances_{part}2017.json", json.dumps({"annotations": c["annotations"], "categories": c["categories"], "images": c["images"]}) + "\n")
save(f"{root}/yolo/data.yaml", "path: /home/someone/owls\ntrain: images/train\nval: images/val\ntest: images/test\nnames:\n  0: cat\n  1: dog\n  2: owl\n")
save(f"{root}/want.json", json.dumps({name: [[CLASSES[k], *box] for k, *box in boxes] for name, _, boxes, _ in pictures}, indent=0) + "\n")

# A box on a picture that lies 40 wide and 30 high, and where Pillow puts it.
turned = []
for orientation in (5, 6, 7, 8):
    for box in ((3, 4, 11, 9), (0, 0, 1, 30), (30, 20, 40, 30)):
        mask = Image.new("L", (W, H), 0)
        ImageDraw.Draw(mask).rectangle([box[0], box[1], box[2] - 1, box[3] - 1], fill=255)
        exif = Image.Exif()
        exif[0x112] = orientation
        mask.getexif()[0x112] = orientation
        upright = ImageOps.exif_transpose(mask)
        turned.append({"orientation": orientation, "box": box, "upright": upright.getbbox(), "size": upright.size})
save("../../internal/annotation/testdata/turned.json", json.dumps(turned) + "\n")

# The same picture turned by EXIF, for the whole way: a white rectangle on black.
image = Image.new("RGB", (W, H))
ImageDraw.Draw(image).rectangle([4, 8, 15, 15], fill=(255, 255, 255))
exif = Image.Exif()
exif[0x112] = 6
os.makedirs(f"{root}/turned", exist_ok=True)
image.save(f"{root}/turned/lying.jpg", exif=exif, quality=95)
print({p: len(n) for p, n in lists.items()}, ImageOps.exif_transpose(Image.open(f"{root}/turned/lying.jpg")).convert("L").point(lambda v: 255 * (v > 128)).getbbox())
